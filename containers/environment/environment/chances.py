"""The chance that a user takes an item later on: what decides which actions are worth copying.

A logistic regression over what is known of every item of the catalogue without reading it: how the state compares it with
what everybody takes, how frequent it is, and how often it is taken near and soon after the last items of the history.
"""

from dataclasses import dataclass

import numpy as np
import torch

FEATURES = 5
"""Preference, log frequency, taken together, taken after, log of the history's length."""
RIDGE = 1e-3
"""Penalty on the standardised coefficients."""
NEIGHBOUR_SCALE = 100.0
"""`log(1 + 100 w)` of a neighbour's weight `w`: weights are small and a few are large."""


def features(
    preference: torch.Tensor,
    popularity: torch.Tensor,
    together: torch.Tensor,
    after: torch.Tensor,
    lengths: torch.Tensor,
) -> torch.Tensor:
    """[positions, items, FEATURES] of what is known of each item in each state.

    Args:
        preference: [positions, items] standardised within the state.
        popularity: [items] log frequency.
        together, after: [positions, items] from `Neighbours.scores`.
        lengths: [positions] items of the history.
    """
    shape = preference.shape
    return torch.stack(
        [
            preference,
            popularity.expand(shape),
            torch.log1p(NEIGHBOUR_SCALE * together),
            torch.log1p(NEIGHBOUR_SCALE * after),
            torch.log(lengths.float())[:, None].expand(shape),
        ],
        -1,
    )


@dataclass(frozen=True)
class ChanceModel:
    """`sigmoid(weights . features + intercept)`."""

    weights: torch.Tensor
    """[FEATURES]."""
    intercept: float

    def of(self, values: torch.Tensor) -> torch.Tensor:
        """[...] chances of [..., FEATURES]."""
        return torch.sigmoid(values @ self.weights + self.intercept)


def fit_chances(values: np.ndarray, taken: np.ndarray, weights: np.ndarray) -> ChanceModel:
    """Weighted logistic regression by Newton's method.

    Args:
        values: [n, FEATURES].
        taken: [n] 1 where the user took the item later, 0 where not.
        weights: [n] how many items each stands for, so that a sample of those not taken keeps the chances right.
    """
    centre, spread = np.average(values, 0, weights), values.std(0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    inputs = np.column_stack([(values - centre) / spread, np.ones(len(values))])  # [n, FEATURES + 1]
    share = weights / weights.sum()
    penalty = np.full(inputs.shape[1], RIDGE * max(1e-6, float(np.average(taken, weights=weights))))
    penalty[-1] = 0.0
    rate = np.clip(np.average(taken, weights=weights), 1e-9, 1 - 1e-9)
    solution = np.zeros(inputs.shape[1])
    solution[-1] = np.log(rate / (1 - rate))
    for _ in range(100):
        chance = 1.0 / (1.0 + np.exp(-np.clip(inputs @ solution, -50, 50)))
        gradient = inputs.T @ (share * (chance - taken)) + penalty * solution
        hessian = (inputs * (share * chance * (1 - chance))[:, None]).T @ inputs
        hessian += np.diag(penalty + 1e-12)
        change = np.linalg.solve(hessian, gradient)
        solution -= change * min(1.0, 2.0 / max(np.abs(change).max(), 1e-12))
        if np.abs(change).max() < 1e-8:
            break
    slopes = solution[:-1] / spread
    return ChanceModel(torch.from_numpy(slopes.astype(np.float32)), float(solution[-1] - slopes @ centre))
