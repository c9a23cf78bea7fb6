"""`python -m environment serve`: SageMaker's inference contract over a fitted environment."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request, Response

from .contract import MAXIMUM_BODY_BYTES, Folders
from .errors import CapacityError, LanguageEnvironmentError, OverloadError, RequestError

if TYPE_CHECKING:
    from .batcher import Batcher
    from .codec import Limits

DRAIN_SECONDS = 25
"""SageMaker kills 30 s after SIGTERM."""


@dataclass
class Service:
    """What the handlers share: nothing before the model is loaded and warm."""

    batcher: "Batcher | None" = None
    limits: "Limits | None" = None
    state_dimension: int = 0
    error: str | None = None
    """Why there will never be a model."""

    @property
    def failure(self) -> str | None:
        """Why nothing will be answered any more: the model could not be loaded, or its worker has ended."""
        return self.error if self.batcher is None else self.batcher.failure


def serve(folders: Folders) -> None:
    """Serves `model/` until SIGTERM, then answers what is in flight and ends.

    It listens on `SAGEMAKER_BIND_TO_PORT` (8080) of `BIND_TO_HOST`: this machine alone, unless the image says that the
    network is the container's own.
    """
    import uvicorn

    host = os.environ.get("BIND_TO_HOST", "127.0.0.1")
    port = int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080"))
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(folders.model),
            host=host,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=DRAIN_SECONDS,
            access_log=False,
        )
    )
    # uvicorn drains on SIGTERM and then raises it again; a drained server has ended well.
    ignored = signal.signal(signal.SIGTERM, lambda *_: None)
    server.run()
    signal.signal(signal.SIGTERM, ignored)


def create_app(folder: Path) -> FastAPI:
    """The HTTP application; the model is loaded by a thread of its own while `/ping` already answers 503."""
    service = Service()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_load, args=(folder, service), name="load", daemon=True).start()
        yield
        if service.batcher is not None:
            await asyncio.to_thread(service.batcher.close)
        print(f"stage=drain progress=1.000 cpuSeconds={time.process_time():.2f}", flush=True)

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.get("/ping")
    async def ping() -> Response:
        # Only flags are read: health never waits for the model.
        if (failure := service.failure) is not None:
            return _text(failure, 500)
        return Response(status_code=200 if service.batcher is not None else 503)

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        try:
            return await _answer(request, service)
        except RequestError as error:
            return _text(str(error), error.status)
        except OverloadError as error:
            return _text(str(error), 503, {"Retry-After": str(error.retry_after)})
        except CapacityError as error:
            return _text(str(error), 507)

    return app


async def _answer(request: Request, service: Service) -> Response:
    from .codec import ARROW, decode, encode

    if service.batcher is None or service.limits is None:
        raise OverloadError(service.error or "the model is being loaded", 5)
    body = await _body(request)
    content_type = request.headers.get("content-type", ARROW)
    decoded = await asyncio.to_thread(decode, body, content_type, service.limits)
    answers = await asyncio.wrap_future(service.batcher.submit(decoded.rows, decoded.candidates))
    encoded = await asyncio.to_thread(encode, answers, content_type, service.state_dimension)
    return Response(encoded, media_type=content_type.partition(";")[0])


async def _body(request: Request) -> bytes:
    """The request's body.

    Raises:
        RequestError: 413 as soon as more than the limit has arrived.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAXIMUM_BODY_BYTES:
            raise RequestError(f"the body exceeds {MAXIMUM_BODY_BYTES} bytes: send fewer rows", 413)
        parts.append(part)
    return b"".join(parts)


def _load(folder: Path, service: Service) -> None:
    """Loads the model, warms it up and declares the service ready."""
    try:
        started = time.monotonic()
        import torch

        from .artefact import read_environment, read_proposer
        from .batcher import Batcher, fitting_tokens
        from .batching import BATCH_TOKENS, QUEUED_TOKENS
        from .codec import Limits
        from .engine import CandidatePolicy, Engine
        from .memory import enough_memory
        from .words import add_items

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        with enough_memory("The environment", "use a larger instance type, or a base model with fewer layers"):
            model, manifest = read_environment(folder, device)
            proposer = read_proposer(folder, model, manifest)
            added = add_items(folder, model)
        policy = CandidatePolicy(manifest.similar_candidates, manifest.repeats, manifest.seed)
        engine = Engine(model, policy, proposer)
        candidates = min(manifest.candidates, manifest.items - 1)
        batch_tokens = fitting_tokens(engine, BATCH_TOKENS[device.type], manifest.window + 1, candidates)
        # A processor is busy with one request's rows, and the same run is to give the same numbers again; a GPU is not.
        batcher = Batcher(engine, batch_tokens, QUEUED_TOKENS, mixes_requests=device.type != "cpu")
        service.state_dimension = manifest.state_dimension
        service.limits = Limits(manifest.items + added, manifest.window + 1, min(Limits.candidates, manifest.items - 1))
        service.batcher = batcher
        seconds, cpu_seconds = time.monotonic() - started, time.process_time()
        numbers = f"batchTokens={batch_tokens} addedItems={added} seconds={seconds:.2f} cpuSeconds={cpu_seconds:.2f}"
        print(f"stage=serve progress=1.000 {numbers}", flush=True)
    except LanguageEnvironmentError as error:
        service.error = str(error)
        print(error, flush=True)
    except Exception as error:
        service.error = f"{type(error).__name__}: {error}"
        raise


def _text(message: str, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(message + "\n", status, headers, media_type="text/plain")
