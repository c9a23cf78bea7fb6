"""Lines of results, and the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Line:
    """One number beside its peer's."""

    metric: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float
    """Above 1 is better than the peer."""


def higher_is_better(metric: str, value: float, unit: str, peer: str, peer_value: float) -> Line:
    """A line of something that should be large."""
    return Line(metric, value, unit, peer, peer_value, value / peer_value if peer_value else 0.0)


def lower_is_better(metric: str, value: float, unit: str, peer: str, peer_value: float) -> Line:
    """A line of something that should be small."""
    return Line(metric, value, unit, peer, peer_value, peer_value / value if value else float("inf"))


def by_turns(works: list[Callable[[], object]], rounds: int, wait: Callable[[], object] = lambda: None) -> list[float]:
    """Median seconds of each work after one unmeasured call of each; the works alternate, so that all see the same machine.

    Args:
        works: what is measured.
        rounds: measured calls of each.
        wait: blocks until the device has done all that it was given.
    """
    seconds: list[list[float]] = [[] for _ in works]
    for current in range(rounds + 1):
        for work, own in zip(works, seconds):
            wait()
            started = time.perf_counter()
            work()
            wait()
            if current > 0:
                own.append(time.perf_counter() - started)
    return [median(own) for own in seconds]
