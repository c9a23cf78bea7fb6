"""Class: Batcher."""

import threading
from concurrent.futures import Future

import numpy as np
import pytest
import torch
from environment.batcher import Batcher, Job, Waiting, fitting_tokens, take_batch
from environment.batching import packed_length
from environment.engine import RowAnswer
from environment.errors import CapacityError, OverloadError, RequestError
from hypothesis import given
from hypothesis import strategies as st


class CountingEngine:
    """Answers every row with its sum; waits at `gate`; has memory for `capacity` rows."""

    instruction = 0

    def __init__(self, capacity: int = 1000) -> None:
        self.gate = threading.Event()
        self.started = threading.Event()
        self.capacity = capacity
        self.batches: list[int] = []

    def answer(self, rows, counts):
        self.started.set()
        self.gate.wait(10)
        if len(rows) > self.capacity:
            raise torch.OutOfMemoryError("no memory left")
        self.batches.append(len(rows))
        if any(row[0] == 13 for row in rows):
            raise ValueError("unlucky")
        empty = np.zeros((0, 0), np.float32)
        return [RowAnswer(np.array([[row.sum()]], np.float16), empty, empty, empty, empty, empty, empty) for row in rows]


def sums(answers) -> list[float]:
    return [float(answer.states[0, 0]) for answer in answers]


class RecordingEngine(CountingEngine):
    """Remembers the rows of its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[float]] = []

    def answer(self, rows, counts):
        answers = super().answer(rows, counts)
        self.seen.append(sums(answers))
        return answers


@pytest.fixture
def batcher(request):
    made = Batcher(getattr(request, "param", None) or CountingEngine(), batch_tokens=40, queue_tokens=100)
    yield made
    made.engine.gate.set()
    made.close()


def rows_of(*lengths: int) -> list[np.ndarray]:
    return [np.full(length, length, np.int32) for length in lengths]


def test_requests_share_batches_and_get_their_own_rows_in_order(batcher: Batcher):
    # Arrange: the first request holds the worker while others arrive
    first = batcher.submit(rows_of(1), [0])
    batcher.engine.started.wait(10)

    # Act
    futures = [batcher.submit(rows_of(3, 2), [0, 0]), batcher.submit(rows_of(2, 3, 4), [1, 0, 0])]
    batcher.engine.gate.set()
    answers = [sums(future.result(10)) for future in futures]

    # Assess
    assert sums(first.result(10)) == [1]
    assert answers == [[9, 4], [4, 9, 16]]
    assert batcher.engine.batches == [1, 5]


def test_too_much_is_refused_and_overload_passes(batcher: Batcher):
    # Arrange
    first = batcher.submit(rows_of(1), [0])
    batcher.engine.started.wait(10)
    waiting = batcher.submit(rows_of(60), [0])

    # Act & Assess
    with pytest.raises(RequestError, match="102 tokens, at most 100") as caught:
        batcher.submit(rows_of(51, 51), [0, 0])
    assert caught.value.status == 413
    with pytest.raises(OverloadError, match="60 tokens are waiting") as overload:
        batcher.submit(rows_of(41), [0])
    assert overload.value.retry_after > 0
    batcher.engine.gate.set()
    waiting.result(10)
    assert sums(batcher.submit(rows_of(41), [0]).result(10)) == [41 * 41]
    assert sums(first.result(10)) == [1]


class Cancelling(Future):
    """A future that its owner cancels at the worst moment: after the worker has looked at it, before it settles it."""

    def done(self) -> bool:
        looked = super().done()
        self.cancel()
        return looked

    def set_result(self, result) -> None:
        self.cancel()
        super().set_result(result)

    def set_exception(self, exception) -> None:
        self.cancel()
        super().set_exception(exception)


@pytest.mark.parametrize("item", [1, 13])
def test_the_worker_survives_a_request_that_is_cancelled_while_it_is_answered(batcher: Batcher, monkeypatch, item: int):
    # Arrange: an answer, and an error
    with monkeypatch.context() as patched:
        patched.setattr("environment.batcher.Job", lambda answers, missing: Job(answers, missing, Cancelling()))
        cancelled = batcher.submit([np.array([item], np.int32)], [0])
        batcher.engine.started.wait(10)

    # Act
    batcher.engine.gate.set()
    answer = batcher.submit(rows_of(2), [0]).result(10)

    # Assess
    assert cancelled.cancelled()
    assert sums(answer) == [4]
    assert batcher.worker.is_alive() and batcher.failure is None


def test_the_end_of_the_worker_is_told_to_all_who_wait_and_to_those_who_come(batcher: Batcher, monkeypatch):
    # Arrange: the second request waits while the first one ends the worker
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    running = batcher.submit(rows_of(1), [0])
    batcher.engine.started.wait(10)
    waiting = batcher.submit(rows_of(2), [0])
    monkeypatch.setattr(batcher, "_answer", lambda batch: (_ for _ in ()).throw(SystemExit("gone")))
    ending = batcher.submit(rows_of(3), [0])

    # Act
    batcher.engine.gate.set()
    batcher.worker.join(10)

    # Assess
    assert sums(running.result(10)) == [1]
    for future in (waiting, ending):
        with pytest.raises(OverloadError, match="the worker has ended: SystemExit: gone"):
            future.result(10)
    assert batcher.failure == "the worker has ended: SystemExit: gone"
    with pytest.raises(OverloadError, match="the worker has ended"):
        batcher.submit(rows_of(1), [0])


def test_closing_answers_what_waits_and_refuses_the_rest(batcher: Batcher):
    # Arrange
    futures = [batcher.submit(rows_of(1), [0])]
    batcher.engine.started.wait(10)
    futures.append(batcher.submit(rows_of(2), [0]))

    # Act
    closing = threading.Thread(target=batcher.close)
    closing.start()
    while not batcher.closing:
        pass
    with pytest.raises(OverloadError, match="shutting down"):
        batcher.submit(rows_of(1), [0])
    batcher.engine.gate.set()
    closing.join(10)

    # Assess
    assert [sums(future.result(0)) for future in futures] == [[1], [4]]
    assert not batcher.worker.is_alive()


@pytest.mark.parametrize("batcher", [CountingEngine(capacity=3)], indirect=True)
def test_a_batch_without_memory_is_tried_in_halves_once(batcher: Batcher):
    # Arrange
    batcher.engine.gate.set()

    # Act
    halves = batcher.submit(rows_of(1, 1, 1, 1, 1, 1), [0] * 6)

    # Assess
    assert sums(halves.result(10)) == [1] * 6
    assert batcher.engine.batches == [3, 3]
    with pytest.raises(CapacityError, match="larger instance type"):
        batcher.submit(rows_of(*[1] * 8), [0] * 8).result(10)
    assert sums(batcher.submit(rows_of(2), [0]).result(10)) == [4]


def test_a_failure_reaches_its_requests_and_the_worker_goes_on(batcher: Batcher):
    # Arrange
    batcher.engine.gate.set()

    # Act
    future = batcher.submit([np.array([13])], [0])

    # Assess
    with pytest.raises(ValueError, match="unlucky"):
        future.result(10)
    assert sums(batcher.submit(rows_of(2), [0]).result(10)) == [4]


def test_nothing_is_answered_with_nothing(batcher: Batcher):
    assert batcher.submit([], []).result(0) == []


@given(
    shapes=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 5)), min_size=1, max_size=30),
    budget=st.integers(1, 300),
)
def test_a_batch_holds_the_row_that_waited_longest_and_keeps_to_the_budget(shapes, budget):
    # Arrange
    job = Job([], 0)
    waiting = [
        Waiting(job, index, np.zeros(length), count, packed_length(length, count, 0))
        for index, (length, count) in enumerate(shapes)
    ]

    # Act
    batch = take_batch(waiting, budget)

    # Assess
    assert waiting[0] in batch
    assert len({item.index for item in batch}) == len(batch)
    longest = max(item.tokens for item in batch)
    assert len(batch) == 1 or longest * len(batch) <= budget
    lengths = sorted(item.tokens for item in batch)
    between = [item for item in waiting if lengths[0] < item.tokens < lengths[-1]]
    assert all(any(item is other for other in batch) for item in between)


@pytest.mark.parametrize(("capacity", "tokens", "rows"), [(100, 640, 17), (10, 320, 8), (1, 40, 1)])
def test_a_batch_is_halved_until_it_fits(capacity: int, tokens: int, rows: int):
    # Arrange: rows of 10 items with 3 candidates per position have 37 tokens
    engine = CountingEngine(capacity)
    engine.gate.set()

    # Act & Assess
    assert fitting_tokens(engine, 640, 10, 3) == tokens
    assert engine.batches == [rows]


def test_a_device_without_room_for_one_row_is_explained():
    # Arrange
    engine = CountingEngine(0)
    engine.gate.set()

    # Act & Assess
    with pytest.raises(CapacityError, match="One row of 10 items does not fit .* larger instance type"):
        fitting_tokens(engine, 640, 10, 3)


def test_an_instruction_takes_its_part_of_the_budget(batcher):
    # Arrange: rows of 10 tokens, 4 of them fit; with an instruction of 10 only 2 do
    rows = [np.full(10, 1, np.int32)] * 8
    batcher.engine.gate.set()

    # Act
    sizes = []
    for instruction in (0, 10):
        batcher.engine.instruction, batcher.engine.batches = instruction, []
        batcher.submit(rows[: 8 if instruction == 0 else 4], [0] * 8).result(10)
        sizes.append(batcher.engine.batches)

    # Assess
    assert sizes == [[4, 4], [2, 2]]


def test_without_mixing_a_request_is_batched_as_if_it_were_alone():
    # Arrange
    def batches(*requests: tuple[int, ...]) -> list[list[float]]:
        """The engine's batches when the requests wait together behind another one."""
        engine = RecordingEngine()
        batcher = Batcher(engine, batch_tokens=12, queue_tokens=100, mixes_requests=False)
        first = batcher.submit(rows_of(1), [0])
        engine.started.wait(10)
        futures = [batcher.submit(rows_of(*lengths), [0] * len(lengths)) for lengths in requests]
        engine.gate.set()
        for future in [first, *futures]:
            future.result(10)
        batcher.close()
        return engine.seen[1:]

    one, other = (2, 5, 3, 4, 2), (3, 3, 6, 2)

    # Act & Assess
    assert batches(one, other) == batches(one) + batches(other)
