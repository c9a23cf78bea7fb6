"""Maps raw pairwise scores, which have no scale and no zero, to rewards that an MDP can use."""

import numpy as np

LOWEST, HIGHEST = -1.0, 2.0
WIDEST = 1.5
"""Standard deviation of the rewards at most: beyond half of the clipped range, clipping would leave only noise."""


def fit_calibration(logged: np.ndarray, negatives: np.ndarray, iterations: int = 200) -> tuple[float, float]:
    """Scale and offset with which clipped rewards average 1 over logged actions and 0 over sampled ones.

    Solves for (scale, offset) in `mean(clip(scale * score + offset, -1, 2))` by damped Newton steps, from the
    solution without clipping.

    Args:
        logged: [n] raw scores of logged actions of training users.
        negatives: [m] raw scores of uniform actions at the same positions.

    Returns:
        (scale, offset), scale > 0. Scores that hardly tell logged from sampled actions apart have no such map; theirs
        has rewards of standard deviation `WIDEST` at most, around 0.5.
    """
    spread = max(float(np.concatenate([logged, negatives]).std()), 1e-12)
    centre = float(logged.mean() + negatives.mean()) / 2
    gap = float(logged.mean() - negatives.mean())
    if gap * WIDEST <= spread:
        scale = WIDEST / spread if gap > 0 else 1.0 / spread
        return scale, 0.5 - scale * centre
    scale, offset = 1.0 / gap, 0.5 - centre / gap
    best, best_error = (scale, offset), float("inf")
    for _ in range(iterations):
        residual = np.array([clipped(logged, scale, offset).mean() - 1.0, clipped(negatives, scale, offset).mean()])
        error = float(np.abs(residual).max())
        if error < best_error:
            best, best_error = (scale, offset), error
        jacobian = np.array([_slopes(logged, scale, offset), _slopes(negatives, scale, offset)])  # [2, 2]
        if error < 1e-6 or abs(np.linalg.det(jacobian)) < 1e-9 * spread:
            break
        change = np.linalg.solve(jacobian, residual)
        # Half steps, and never through scale 0: the clipped mean is only piecewise linear.
        scale = min(max(scale - 0.5 * change[0], scale * 0.5), WIDEST / spread)
        offset -= 0.5 * change[1]
    return float(best[0]), float(best[1])


def clipped(scores: np.ndarray, scale: float, offset: float) -> np.ndarray:
    """Calibrated rewards, in [-1, 2]."""
    return np.clip(scores * scale + offset, LOWEST, HIGHEST)


def _slopes(scores: np.ndarray, scale: float, offset: float) -> list[float]:
    """Derivatives of the clipped mean by scale and offset."""
    rewards = scores * scale + offset
    inside = (rewards > LOWEST) & (rewards < HIGHEST)
    return [float((scores * inside).mean()), float(inside.mean())]
