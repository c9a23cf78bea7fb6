"""SageMaker's container contract: folders, hyperparameters, the failure file and progress lines.

`ML_ROOT` replaces `/opt/ml` where the container runs as a plain process.
"""

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from .config import EnvironmentConfig, parse_config
from .errors import ConfigurationError, DataError

Task = Literal["fit", "vectors"]
NEEDED: dict[Task, set[str]] = {"fit": {"config", "window"}, "vectors": {"config"}}
"""The hyperparameters of each task."""
WINDOW = (2, 200)
"""The smallest and the largest window, those of the pipeline's `sequences.window`."""
MAXIMUM_BODY_BYTES = 25 * 1024 * 1024
"""SageMaker's limit of a real-time request; a compressed body may not be more when unpacked either."""


@dataclass(frozen=True)
class Folders:
    """Where SageMaker puts a job's input and takes its output from."""

    root: Path

    @property
    def model(self) -> Path:
        """What training writes and serving reads."""
        return self.root / "model"

    @property
    def checkpoints(self) -> Path:
        """Kept across interruptions of the same job."""
        return self.root / "checkpoints"

    @property
    def failure(self) -> Path:
        """The reason of a failed job, shown in DescribeTrainingJob."""
        return self.root / "output" / "failure"

    def has_channel(self, name: str) -> bool:
        """Whether the job was started with an input channel."""
        return (self.root / "input" / "data" / name).is_dir()

    def channel(self, name: str) -> Path:
        """The folder of an input channel.

        Raises:
            DataError: the job was started without the channel.
        """
        folder = self.root / "input" / "data" / name
        if not folder.is_dir():
            raise DataError(f"Input channel {name} is missing ({folder}): start the training job with it.")
        return folder


@dataclass(frozen=True)
class Hyperparameters:
    """What the training job was started with."""

    task: Task
    config: EnvironmentConfig
    window: int
    """Longest history, in items; a training row has at most one more. 0 for a task without histories."""


def folders() -> Folders:
    """The folders of this process."""
    return Folders(Path(os.environ.get("ML_ROOT", "/opt/ml")))


def read_hyperparameters(root: Path) -> Hyperparameters:
    """Reads `input/config/hyperparameters.json`, whose values SageMaker passes as strings. Without `task`, it is `fit`.

    Raises:
        ConfigurationError: a missing file, a missing or unknown name, or a value that is not valid.
    """
    path = root / "input" / "config" / "hyperparameters.json"
    try:
        raw = json.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path} is missing: start the job with hyperparameters config and window.") from None
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{path}: expected an object of hyperparameters, got {type(raw).__name__}.")
    task = raw.pop("task", "fit")
    if not isinstance(task, str) or task not in NEEDED:
        raise ConfigurationError(f"Hyperparameter task: expected one of {', '.join(NEEDED)}, got {task!r}.")
    if set(raw) != NEEDED[task]:
        expected = " and ".join(sorted(NEEDED[task]))
        raise ConfigurationError(
            f"{path}: expected exactly the hyperparameters {expected} for task {task}, got {', '.join(sorted(raw)) or 'none'}."
        )
    window = _decoded("window", raw.get("window", "0"))
    if "window" in raw and (not isinstance(window, int) or isinstance(window, bool) or not WINDOW[0] <= window <= WINDOW[1]):
        raise ConfigurationError(f"Hyperparameter window: expected a whole number from {WINDOW[0]} to {WINDOW[1]}, got {window!r}.")
    return Hyperparameters(task, parse_config(_decoded("config", raw["config"])), window)


def report_progress(stage: str, progress: float, **values: float | int | str) -> None:
    """Prints one `key=value` line; `progress` is the share (0-1) of the stage that is done."""
    numbers = {
        name: f"{value:.4g}" if isinstance(value, float) else str(value) for name, value in values.items()
    }
    pairs = {"stage": stage, "progress": f"{min(max(progress, 0.0), 1.0):.3f}", **numbers}
    print(" ".join(f"{name}={value}" for name, value in pairs.items()), flush=True)


def write_failure(target: Folders, reason: str) -> None:
    """Writes the failure file (at most 1024 characters are shown by SageMaker) and prints the reason."""
    target.failure.parent.mkdir(parents=True, exist_ok=True)
    target.failure.write_text(reason[:1024], encoding="utf8")
    print(reason, file=sys.stderr, flush=True)


def _decoded(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ConfigurationError(f"Hyperparameter {name} is not JSON: {error}") from None
