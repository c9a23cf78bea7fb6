"""Checkpoints that a killed job goes on from: written aside and renamed, bound to the job's input."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from .errors import LanguageEnvironmentError

Saved = Callable[[], dict[str, Any]]
"""Gives what a checkpoint should keep."""


class Interrupted(LanguageEnvironmentError):
    """SIGTERM arrived; the checkpoint is written."""


class Checkpoints:
    """Keeps the newest checkpoint of a job.

    Args:
        folder: SageMaker's checkpoint folder, kept across interruptions.
        fingerprint: of configuration and data; a checkpoint with another one is left alone.
        interval: seconds between two checkpoints.
    """

    def __init__(self, folder: Path, fingerprint: str, interval: float = 60.0) -> None:
        self.path = folder / "checkpoint.pt"
        self.fingerprint = fingerprint
        self.interval = interval
        self.written = time.monotonic()
        self.terminated = False
        self.earlier_cpu_seconds = 0.0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within it, SIGTERM asks for a checkpoint instead of ending the process at once."""
        before = signal.signal(signal.SIGTERM, self._terminate)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)

    def load(self) -> dict[str, Any] | None:
        """The checkpoint of the same job, if there is one."""
        if not self.path.exists():
            return None
        try:
            saved = torch.load(self.path, weights_only=True, map_location="cpu")
        except Exception as error:
            print(f"Checkpoint {self.path} cannot be read and is not used: {error}", flush=True)
            return None
        if saved.get("fingerprint") != self.fingerprint:
            return None
        self.earlier_cpu_seconds = saved.get("cpuSeconds", 0.0)
        return saved

    def cpu_seconds(self) -> float:
        """CPU time of the job in all threads, that of the attempts before an interruption included."""
        return self.earlier_cpu_seconds + time.process_time()

    def pause(self, stage: str, saved: Saved) -> None:
        """To be called between steps: writes a checkpoint when one is due.

        Raises:
            Interrupted: after SIGTERM, once the checkpoint is written.
        """
        if self.terminated:
            self.write(stage, saved())
            raise Interrupted("Interrupted by SIGTERM; the checkpoint is written, start the same job again to go on.")
        if time.monotonic() - self.written >= self.interval:
            self.write(stage, saved())

    def write(self, stage: str, state: dict[str, Any]) -> None:
        """Replaces the checkpoint."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_suffix(".partial")
        content = {"fingerprint": self.fingerprint, "cpuSeconds": self.cpu_seconds(), "stage": stage, "state": state}
        torch.save(content, aside)
        os.replace(aside, self.path)
        self.written = time.monotonic()

    def clear(self) -> None:
        """Removes the checkpoint of a finished job."""
        self.path.unlink(missing_ok=True)

    def _terminate(self, *_: object) -> None:
        self.terminated = True
