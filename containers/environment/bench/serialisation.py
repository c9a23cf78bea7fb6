"""What a request spends on its encoding: a shard as the pipeline sends it, through codec and batcher."""

import time
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
from environment.batcher import Batcher
from environment.batching import BATCH_TOKENS, QUEUED_TOKENS
from environment.codec import ARROW, JSON, Limits, decode, encode
from environment.engine import CandidatePolicy, Engine

from .measure import Line, lower_is_better
from .subject import environment_of, rows_of

SHARD_ITEMS = 2048
"""Items of a request, as the pipeline cuts shards by default."""
CANDIDATES = 8
LIMIT = 0.1


def serialisation_share(folder: Path, layers: int | None, rounds: int) -> list[Line]:
    """The share of decoding and encoding in the time of a request, by encoding."""
    model = environment_of(folder, layers)
    items, dimension = len(model.item_tokens) - 1, model.state_projection.out_features
    rows = shard()
    batcher = Batcher(Engine(model, CandidatePolicy(6, False, 1)), BATCH_TOKENS["cpu"], QUEUED_TOKENS)
    shares: dict[str, float] = {}
    sizes: dict[str, int] = {}
    for kind in (ARROW, JSON):
        body = request(rows, kind)
        measured: list[float] = []
        for _ in range(rounds):
            started = time.perf_counter()
            decoded = decode(body, kind, Limits(items, 51))
            read = time.perf_counter()
            answers = batcher.submit(decoded.rows, decoded.candidates).result()
            answered = time.perf_counter()
            answer = encode(answers, kind, dimension)
            ended = time.perf_counter()
            measured.append((ended - answered + read - started) / (ended - started))
        shares[kind], sizes[kind] = median(measured), len(body) + len(answer)
    batcher.close()
    return [
        lower_is_better("serialisation, Arrow", shares[ARROW], "of request time", "limit", LIMIT),
        lower_is_better("serialisation, Arrow", shares[ARROW], "of request time", "JSON", shares[JSON]),
        lower_is_better("bytes of request and answer, Arrow", sizes[ARROW], "bytes", "JSON", sizes[JSON]),
    ]


def shard() -> list[np.ndarray]:
    """Rows of about `SHARD_ITEMS` items in all."""
    rows = rows_of(None, 500)
    ends = np.cumsum([len(row) for row in rows])
    return rows[: int(np.searchsorted(ends, SHARD_ITEMS)) + 1]


def request(rows: list[np.ndarray], kind: str) -> bytes:
    """The body that asks about rows."""
    if kind == JSON:
        import json

        return json.dumps({"items": [row.tolist() for row in rows], "candidates": [CANDIDATES] * len(rows)}).encode()
    columns = {
        "items": pa.array([row.tolist() for row in rows], pa.list_(pa.int32())),
        "candidates": pa.array([CANDIDATES] * len(rows), pa.int32()),
    }
    table = pa.table(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()
