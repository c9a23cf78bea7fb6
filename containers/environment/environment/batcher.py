"""One worker thread runs the model; rows of all waiting requests may share its batches."""

import threading
from collections import deque
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from .batching import packed_length
from .engine import Engine, RowAnswer
from .errors import CapacityError, OverloadError, RequestError
from .memory import OUT_OF_MEMORY, release


@dataclass
class Job:
    """One request and its rows' answers so far."""

    answers: list[RowAnswer | None]
    missing: int
    future: "Future[list[RowAnswer]]" = field(default_factory=Future)

    def answer(self, index: int, answer: RowAnswer) -> None:
        """Takes a row's answer; the last one settles the request."""
        self.answers[index] = answer
        self.missing -= 1
        if self.missing == 0:
            with suppress(InvalidStateError):  # cancelled, or failed with another batch: nobody waits any more
                self.future.set_result([row for row in self.answers if row is not None])

    def fail(self, error: BaseException) -> None:
        """Settles the request with an error."""
        with suppress(InvalidStateError):
            self.future.set_exception(error)


@dataclass(frozen=True)
class Waiting:
    """One row that waits for its turn."""

    job: Job
    index: int
    row: np.ndarray
    candidates: int
    tokens: int
    """Of the packed row."""


class Batcher:
    """Collects rows of requests into batches of similar length.

    Every batch holds the row that has waited longest, and the waiting rows nearest to it in length up to the token
    budget, so nothing starves and little is padded.

    Args:
        engine: answers one batch at a time.
        batch_tokens: tokens a batch holds at most, padding counted.
        queue_tokens: tokens that may wait; a request beyond that is refused with `OverloadError`. A single request
            larger than that is refused for good with `RequestError` 413.
        mixes_requests: rows of different requests may share a batch, which fills it better. Without, a request's
            batches depend on it alone, and so do its numbers, to the last digit, whatever else arrives meanwhile.
    """

    def __init__(self, engine: Engine, batch_tokens: int, queue_tokens: int, mixes_requests: bool = True) -> None:
        self.engine = engine
        self.batch_tokens = batch_tokens
        self.queue_tokens = queue_tokens
        self.mixes_requests = mixes_requests
        self.waiting: deque[Waiting] = deque()
        self.waiting_tokens = 0
        self.running: list[Waiting] = []
        self.condition = threading.Condition()
        self.closing = False
        self.failure: str | None = None
        """Why the worker has ended although nobody closed it: nothing is answered any more."""
        self.worker = threading.Thread(target=self._work, name="model", daemon=True)
        self.worker.start()

    def submit(self, rows: list[np.ndarray], candidates: list[int]) -> "Future[list[RowAnswer]]":
        """Queues a request; the future gives its rows' answers in order.

        Raises:
            RequestError: 413, more tokens than could ever wait.
            OverloadError: too many tokens are waiting now, the server is shutting down, or its worker has ended.
        """
        job = Job([None] * len(rows), len(rows))
        added = [
            Waiting(job, index, row, count, int(packed_length(len(row), count, self.engine.instruction)))
            for index, (row, count) in enumerate(zip(rows, candidates))
        ]
        tokens = sum(item.tokens for item in added)
        if tokens > self.queue_tokens:
            raise RequestError(f"the request has {tokens} tokens, at most {self.queue_tokens} are taken: split it", 413)
        if not rows:
            job.future.set_result([])
            return job.future
        with self.condition:
            if self.failure is not None:
                raise OverloadError(self.failure, 5)
            if self.closing:
                raise OverloadError("the server is shutting down", 5)
            if self.waiting_tokens + tokens > self.queue_tokens:
                raise OverloadError(f"{self.waiting_tokens} tokens are waiting already", 1)
            self.waiting.extend(added)
            self.waiting_tokens += tokens
            self.condition.notify()
        return job.future

    def close(self) -> None:
        """Refuses new requests, answers the waiting ones and ends the worker."""
        with self.condition:
            self.closing = True
            self.condition.notify()
        self.worker.join()

    def _work(self) -> None:
        try:
            while self._next():
                self._settle(self.running)
                self.running = []
        except BaseException as error:
            self._give_up(error)
            raise

    def _settle(self, batch: list[Waiting]) -> None:
        """Answers a batch, or hands its error to whoever waits for these rows."""
        try:
            answers = self._answer(batch)
        except Exception as error:
            for job in {id(item.job): item.job for item in batch}.values():
                job.fail(error)
            return
        for item, answer in zip(batch, answers):
            item.job.answer(item.index, answer)

    def _give_up(self, error: BaseException) -> None:
        """Tells everybody who waits that there will be no answer, and `/ping` why."""
        with self.condition:
            self.failure = f"the worker has ended: {type(error).__name__}: {error}"
            lost, self.waiting, self.waiting_tokens = [*self.running, *self.waiting], deque(), 0
        for item in lost:
            item.job.fail(OverloadError(self.failure, 5))

    def _next(self) -> bool:
        """Waits for rows and takes a batch of them for `running`, an empty one if nobody wants them any more; False once
        closed and empty."""
        with self.condition:
            while not self.waiting and not self.closing:
                self.condition.wait()
            if not self.waiting:
                return False
            live = [item for item in self.waiting if not item.job.future.done()]
            eligible = [item for item in live if self.mixes_requests or item.job is live[0].job]
            chosen = take_batch(eligible, self.batch_tokens) if eligible else []
            taken = set(map(id, chosen))
            self.waiting = deque(item for item in live if id(item) not in taken)
            self.waiting_tokens = sum(item.tokens for item in self.waiting)
            self.running = chosen
            return True

    def _answer(self, batch: list[Waiting]) -> list[RowAnswer]:
        """Runs a batch; where memory does not suffice, once more in halves.

        Raises:
            CapacityError: not even half a batch fits.
        """
        try:
            return self._run(batch)
        except OUT_OF_MEMORY:
            release()
        if len(batch) > 1:
            middle = len(batch) // 2
            try:
                return self._run(batch[:middle]) + self._run(batch[middle:])
            except OUT_OF_MEMORY:
                release()
        raise CapacityError(
            f"A batch of {len(batch)} rows does not fit the accelerator's memory, nor half of it: use a larger "
            "instance type, or a base model with fewer layers."
        )

    def _run(self, batch: list[Waiting]) -> list[RowAnswer]:
        return self.engine.answer([item.row for item in batch], [item.candidates for item in batch]) if batch else []


def fitting_tokens(engine: Engine, batch_tokens: int, length: int, candidates: int) -> int:
    """Tokens of a batch for which the device's memory suffices: `batch_tokens`, or a half, a quarter of it and so on.

    It runs such a batch, which also warms the device up.

    Args:
        engine: answers the batch.
        batch_tokens: what is wanted.
        length: items of the longest row.
        candidates: candidates per position.

    Raises:
        CapacityError: not even one row fits.
    """
    row = np.ones(length, np.int32)
    each = int(packed_length(length, candidates, engine.instruction))
    while True:
        count = max(1, batch_tokens // each)
        try:
            engine.answer([row] * count, [candidates] * count)
            return batch_tokens
        except OUT_OF_MEMORY:
            release()
            if count == 1:
                raise CapacityError(
                    f"One row of {length} items does not fit the accelerator's memory: use a larger instance type, or a "
                    "base model with fewer layers."
                ) from None
            batch_tokens //= 2


def take_batch(waiting: list[Waiting], budget: int) -> list[Waiting]:
    """The first waiting row and its neighbours in length, as many as the budget holds when padded to the longest."""
    order = sorted(range(len(waiting)), key=lambda index: waiting[index].tokens)
    start = order.index(0)
    end = start + 1
    longest = waiting[0].tokens
    # Shorter rows first: they do not lengthen the padding.
    while start > 0 and longest * (end - start + 1) <= budget:
        start -= 1
    while end < len(order) and waiting[order[end]].tokens * (end - start + 1) <= budget:
        end += 1
    return [waiting[index] for index in order[start:end]]
