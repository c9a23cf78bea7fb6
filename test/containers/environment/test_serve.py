"""Command: serve, over HTTP against a real process, and its application with a model that is held."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pyarrow as pa
import pytest
import torch
from environment import serve as command
from environment.codec import ARROW, JSON
from environment.errors import CapacityError, OverloadError
from fastapi.testclient import TestClient

PACKAGE = Path(__file__).resolve().parents[3] / "containers" / "environment"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@dataclass
class Server:
    """A running server."""

    process: subprocess.Popen
    url: str


def start(root: Path) -> Server:
    port = free_port()
    variables = {"ML_ROOT": str(root), "SAGEMAKER_BIND_TO_PORT": str(port)}
    command = [sys.executable, "-m", "environment", "serve"]
    process = subprocess.Popen(command, cwd=PACKAGE, env=os.environ | variables, stdout=subprocess.PIPE, text=True)
    return Server(process, f"http://127.0.0.1:{port}")


def wait_until_ready(server: Server) -> list[int]:
    """The statuses of `/ping` until 200."""
    statuses = []
    with httpx.Client(timeout=2) as client:
        while not statuses or statuses[-1] != 200:
            assert server.process.poll() is None, "the server ended"
            with contextlib.suppress(httpx.TransportError):
                statuses.append(client.get(f"{server.url}/ping").status_code)
            time.sleep(0.1)
    return statuses


@pytest.fixture(scope="module")
def server(fitted: Path) -> Iterator[Server]:
    """The fitted environment, served."""
    started = start(fitted)
    wait_until_ready(started)
    yield started
    started.process.terminate()
    started.process.wait()


def arrow_request(rows: list[list[int]], counts: list[int]) -> bytes:
    table = pa.table({"items": pa.array(rows, pa.list_(pa.int32())), "candidates": pa.array(counts, pa.int32())})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def ask(server: Server, rows: list[list[int]], counts: list[int]) -> pa.Table:
    response = httpx.post(
        f"{server.url}/invocations", content=arrow_request(rows, counts), headers={"content-type": ARROW}, timeout=None
    )
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == ARROW
    return pa.ipc.open_stream(response.content).read_all()


def test_an_answer_follows_the_contract_in_both_encodings(server: Server):
    # Arrange
    rows, counts = [[1, 2, 3, 4, 5], [7], [9, 8]], [4, 3, 0]

    # Act
    table = ask(server, rows, counts)
    by_hand = httpx.post(f"{server.url}/invocations", json={"items": rows, "candidates": counts}, timeout=None).json()

    # Assess
    for index, (row, count) in enumerate(zip(rows, counts)):
        values = {name: table[name][index].as_py() for name in table.column_names}
        assert np.array(values["states"]).shape == (len(row), 8)
        assert len(values["rewards"]) == len(values["rewardSpreads"]) == len(row) - 1
        assert all(-1 <= reward <= 2 for reward in values["rewards"])
        for name in ("candidates", "candidateRewards", "candidateRewardSpreads", "candidateChances"):
            assert [len(part) for part in values[name]] == [count] * (len(row) - 1)
        for following, candidates in zip(row[1:], values["candidates"]):
            assert following not in candidates and len(set(candidates)) == count
        assert values["candidates"] == by_hand["candidates"][index]
        np.testing.assert_allclose(np.array(values["states"]), by_hand["states"][index], atol=4e-3)
        np.testing.assert_allclose(values["rewards"], by_hand["rewards"][index], atol=1e-5)


def test_requests_at_the_same_time_get_what_they_get_alone(server: Server):
    # Arrange
    generator = np.random.default_rng(5)
    requests = [
        ([generator.integers(1, 31, generator.integers(1, 10)).tolist() for _ in range(6)], [int(generator.integers(0, 6))] * 6)
        for _ in range(8)
    ]

    # Act
    alone = [ask(server, *request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda request: ask(server, *request), requests))

    # Assess
    for expected, table in zip(alone, together):
        assert table["candidates"].to_pylist() == expected["candidates"].to_pylist()
        for name in ("rewards", "candidateRewards"):
            flat = [np.array([value for row in part[name].to_pylist() for value in np.ravel(row)]) for part in (table, expected)]
            np.testing.assert_allclose(*flat, atol=1e-5)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"items": [[1], [2, 31]], "candidates": [1, 1]}, 400, "row 1, column items, position 1: item 31, expected 1 to 30"),
        ({"items": [[1] * 10], "candidates": [1]}, 400, "row 0, column items: 10 items, expected 1 to 9"),
        ({"items": [[1]], "candidates": [30]}, 400, "row 0, column candidates: 30, expected 0 to 29"),
        ({"items": [[1]]}, 400, "exactly items and candidates"),
        ({"items": [[1] * 9] * 5000, "candidates": [29] * 5000}, 413, "split it"),
    ],
)
def test_bad_requests_are_explained(server: Server, body: dict, status: int, message: str):
    # Act
    response = httpx.post(f"{server.url}/invocations", json=body, timeout=None)

    # Assess
    assert response.status_code == status
    assert message in response.text


def test_a_body_beyond_the_limit_is_refused(server: Server):
    # Act
    body = b"x" * (command.MAXIMUM_BODY_BYTES + 1)
    response = httpx.post(f"{server.url}/invocations", content=body, headers={"content-type": ARROW}, timeout=None)

    # Assess
    assert response.status_code == 413
    assert httpx.post(f"{server.url}/invocations", content=b"", headers={"content-type": "text/csv"}).status_code == 415


def test_bodies_that_are_no_request_are_the_clients_fault(server: Server):
    # Arrange: what once was answered 500, or ended the process
    map_column = pa.table({"items": pa.array([[(1, 2)]], pa.map_(pa.int32(), pa.int32())), "candidates": pa.array([1], pa.int32())})
    texts = pa.table({"items": pa.array(["1"]), "candidates": pa.array([1], pa.int32())})
    sinks = [pa.BufferOutputStream(), pa.BufferOutputStream()]
    for sink, table in zip(sinks, (map_column, texts)):
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    good = arrow_request([[1, 2, 3]], [1])
    offsets = good.rindex(b"\x00\x00\x00\x00\x03\x00\x00\x00")
    bodies = [
        (b"[" * 100_000, JSON),
        (sinks[0].getvalue().to_pybytes(), ARROW),
        (sinks[1].getvalue().to_pybytes(), ARROW),
        (good.replace(b"items", b"it\xffms"), ARROW),
        (good[: offsets + 4] + b"\xff\xff\xff\x7f" + good[offsets + 8 :], ARROW),  # a list that ends far outside of its values
        (good[: offsets + 4] + b"\x00\x00\x00\x80" + good[offsets + 8 :], ARROW),
    ]

    # Act
    responses = [
        httpx.post(f"{server.url}/invocations", content=body, headers={"content-type": kind}, timeout=None) for body, kind in bodies
    ]

    # Assess
    assert [response.status_code for response in responses] == [400] * len(bodies), [response.text for response in responses]
    assert httpx.get(f"{server.url}/ping").status_code == 200


def test_it_listens_on_this_machine_alone_unless_told_otherwise(server: Server):
    # Arrange: all of 127.0.0.0/8 is this machine, but only a server of every address has the rest of it
    port = int(server.url.rpartition(":")[2])

    # Act & Assess
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.2", port)) != 0
    image = (PACKAGE / "Dockerfile").read_text()
    assert "BIND_TO_HOST=0.0.0.0" in image


def test_it_is_ready_only_when_loaded_and_sigterm_drains(fitted: Path):
    # Arrange
    server = start(fitted)
    statuses = wait_until_ready(server)
    rows = [[int(item) for item in np.random.default_rng(row).integers(1, 31, 9)] for row in range(400)]

    # Act: SIGTERM once the server has begun to read the request, as it says itself
    body = arrow_request(rows, [20] * len(rows))
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.putrequest("POST", "/invocations")
    for name, value in {"content-type": ARROW, "content-length": str(len(body)), "expect": "100-continue"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.sock.recv(1000).startswith(b"HTTP/1.1 100 ")
    server.process.send_signal(signal.SIGTERM)
    connection.send(body)
    response = connection.getresponse()
    table = pa.ipc.open_stream(response.read()).read_all()
    code = server.process.wait()

    # Assess
    assert set(statuses) <= {200, 503} and statuses[-1] == 200
    assert response.status == 200 and table.num_rows == len(rows)
    assert code == 0


def test_a_model_that_cannot_be_loaded_is_never_ready(fitted: Path, tmp_path: Path):
    # Arrange
    shutil.copytree(fitted / "model", tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    (tmp_path / "model" / "manifest.json").write_text(json.dumps(manifest | {"formatVersion": 0}))

    # Act
    with TestClient(command.create_app(tmp_path / "model")) as client:
        for _ in range(500):
            response = client.get("/ping")
            if response.status_code == 500:
                break
            time.sleep(0.01)
        invocation = client.post("/invocations", json={"items": [[1]], "candidates": [1]})

    # Assess
    assert response.status_code == 500 and "fit the environment again" in response.text
    assert invocation.status_code == 503


def test_a_model_that_does_not_fit_the_device_says_what_to_do(fitted: Path, monkeypatch):
    # Arrange
    def without_memory(*_: object):
        raise torch.OutOfMemoryError("tried to allocate 20 GiB")

    monkeypatch.setattr("environment.artefact.read_environment", without_memory)
    service = command.Service()

    # Act
    command._load(fitted / "model", service)

    # Assess
    assert service.batcher is None and "use a larger instance type" in service.error


class HeldBatcher:
    """Stands for a busy model: answers when `release` is set, or fails with `error`."""

    def __init__(self) -> None:
        self.future: Future = Future()
        self.failure: str | None = None
        self.error: Exception | None = None

    def submit(self, rows, candidates) -> Future:
        if isinstance(self.error, OverloadError):
            raise self.error
        if self.error is not None:
            self.future.set_exception(self.error)
        return self.future

    def close(self) -> None:
        if not self.future.done():
            self.future.set_result([])


def test_health_does_not_wait_for_the_model_and_overload_says_when_to_come_back(fitted: Path, monkeypatch):
    # Arrange
    held = HeldBatcher()

    def load(folder, service):
        from environment.codec import Limits

        service.limits, service.state_dimension, service.batcher = Limits(30, 9), 8, held

    monkeypatch.setattr(command, "_load", load)
    with TestClient(command.create_app(fitted / "model")) as client:
        asking = threading.Thread(target=client.post, args=("/invocations",), kwargs={"json": {"items": [[1]], "candidates": [1]}})
        asking.start()

        # Act
        ping = client.get("/ping")
        held.error = OverloadError("busy", 3)
        refused = client.post("/invocations", json={"items": [[1]], "candidates": [1]})
        held.future.set_result([])
        asking.join(10)
        held.future, held.error = Future(), CapacityError("no memory")
        too_small = client.post("/invocations", json={"items": [[1]], "candidates": [1]})
        held.failure = "the worker has ended: SystemExit: gone"
        dead = client.get("/ping")

    # Assess
    assert ping.status_code == 200
    assert (dead.status_code, dead.text) == (500, "the worker has ended: SystemExit: gone\n")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")
    assert too_small.status_code == 507
