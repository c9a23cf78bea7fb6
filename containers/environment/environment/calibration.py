"""Maps raw pairwise scores, which have no scale and no zero, to rewards that an MDP can use.

The score becomes the probability that the action was logged rather than sampled (Platt scaling, both classes weighed
alike), and the probability a reward: `centre + width * (sigmoid(slope * score + intercept) - 0.5)`, strictly increasing in
the score, so that the best of several actions is never a tie made by clipping.
"""

from dataclasses import dataclass

import numpy as np
import torch

WIDEST = 3.0
"""Width of the range of rewards at most, around 0.5: [-1, 2]."""
PREFERENCE_WIDTH = 2.0
"""Width of the range of preferences, around 0: [-1, 1]."""
RIDGE = 1e-3
"""Penalty on the slope for standardised scores: keeps it finite when no pair is in the wrong order."""


@dataclass(frozen=True)
class Calibration:
    """The map from scores to rewards."""

    slope: float = 1.0
    intercept: float = 0.0
    width: float = 1.0
    centre: float = 0.5

    def rewards(self, scores: np.ndarray) -> np.ndarray:
        """[...] rewards of [...] scores, in [centre - width / 2, centre + width / 2]."""
        return self.of_tensors(torch.from_numpy(np.asarray(scores, np.float64))).numpy()

    def of_tensors(self, scores: torch.Tensor) -> torch.Tensor:
        """The same for tensors."""
        return self.centre + self.width * (torch.sigmoid(self.slope * scores + self.intercept) - 0.5)


def fit_preferences(logged: np.ndarray, negatives: np.ndarray) -> Calibration:
    """The calibration with which a reward is `2 p - 1`, `p` the probability that the action was logged rather than popular.

    Args:
        logged: [n] scores of logged actions of training users.
        negatives: [m] scores of actions at the same positions, drawn as often as everybody takes them.
    """
    slope, intercept = _platt(logged, negatives)
    return Calibration(slope, intercept, PREFERENCE_WIDTH, 0.0)


def fit_calibration(logged: np.ndarray, negatives: np.ndarray) -> Calibration:
    """The calibration with which rewards average 1 over logged actions and 0 over sampled ones.

    Where scores tell the two apart so little that this would need rewards outside [-1, 2], the range is [-1, 2] and the
    averages lie between 0 and 1; scores that tell nothing apart all get about 0.5.

    Args:
        logged: [n] raw scores of logged actions of training users.
        negatives: [m] raw scores of uniform actions at the same positions.
    """
    slope, intercept = _platt(logged, negatives)
    if slope == 0:
        return Calibration(0.0, 0.0, 1.0)
    probability = Calibration(slope, intercept)
    gap = probability.rewards(logged).mean() - probability.rewards(negatives).mean()
    return Calibration(slope, intercept, min(WIDEST, 1.0 / gap))


def _platt(logged: np.ndarray, negatives: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the log-odds that a score is that of a logged action; 0 for scores worse than chance."""
    scores = np.concatenate([logged, negatives]).astype(np.float64)
    centre, spread = scores.mean(), max(scores.std(), 1e-12)
    slope, intercept = _logistic_regression(
        (scores - centre) / spread,
        np.concatenate([np.ones(len(logged)), np.zeros(len(negatives))]),
        np.concatenate([np.full(len(logged), 0.5 / len(logged)), np.full(len(negatives), 0.5 / len(negatives))]),
    )
    if slope <= 0:  # worse than chance: no order is better than the wrong one
        return 0.0, 0.0
    return slope / spread, intercept - slope * centre / spread


def _logistic_regression(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Slope and intercept by Newton's method: strictly convex, from 0 it converges in a few steps.

    Args:
        x, y, weights: [n] standardised inputs, labels of 0 and 1, weights that sum to 1.
    """
    inputs = np.stack([x, np.ones_like(x)])  # [2, n]
    penalty = np.array([RIDGE, 0.0])
    solution = np.zeros(2)
    for _ in range(100):
        probability = 1.0 / (1.0 + np.exp(-np.clip(solution @ inputs, -50, 50)))  # [n]
        gradient = inputs @ (weights * (probability - y)) + penalty * solution
        hessian = (inputs * (weights * probability * (1 - probability))) @ inputs.T + np.diag(penalty + 1e-9)
        change = np.linalg.solve(hessian, gradient)
        # A full step may overshoot where the classes are far apart.
        solution -= change * min(1.0, 2.0 / max(np.abs(change).max(), 1e-12))
        if np.abs(change).max() < 1e-9:
            break
    return float(solution[0]), float(solution[1])
