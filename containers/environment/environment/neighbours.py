"""Items that are taken near one another, counted in the training sequences: what a language model's proposals stand beside."""

from dataclasses import dataclass

import numpy as np
import torch

from .data import TrainingRows

DISTANCE = 10
"""Two items of a row are near if at most so many actions lie between the first and the second, itself counted."""
KEPT = 50
"""Neighbours that an item keeps."""
ACTIONS_COUNTED = 20_000_000
"""Actions that are counted at most; of a larger log a seeded sample of rows."""


@dataclass(frozen=True)
class Neighbours:
    """For each item those that are taken near it (`together`) and those that are taken soon after it (`after`)."""

    together: torch.Tensor
    """[items + 1, kept] int64: item indices, 0 for none."""
    together_weights: torch.Tensor
    """[items + 1, kept] float32: `pairs(a, b) / sqrt(n_a n_b)`."""
    after: torch.Tensor
    """[items + 1, kept] int64."""
    after_weights: torch.Tensor
    """[items + 1, kept] float32: sum over pairs of 1 / distance, divided by `n_a`."""
    counts: torch.Tensor
    """[items + 1] float32: actions counted of each item, at least 1."""

    def scores(self, items: torch.Tensor, position: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """How near every item is to the last ones of a history, by `together` and by `after`: [positions, items + 1] each.

        The row's own pairs are taken off again: what follows in a training row was counted as well, and must not
        propose itself.

        Args:
            items: [positions, time] the row of each position, 0 for padding.
            position: [positions] where in its row each is.
        """
        width = len(self.counts)
        together = torch.zeros(len(items), width, device=items.device)
        after = torch.zeros_like(together)
        for back in range(DISTANCE):
            place = position - back
            taken = torch.where(place >= 0, items.gather(1, place.clamp_min(0)[:, None])[:, 0], 0)
            together.scatter_add_(1, self.together[taken], self.together_weights[taken])
            after.scatter_add_(1, self.after[taken], self.after_weights[taken])
            for ahead in range(1, DISTANCE + 1 - back):
                later = position + ahead
                exists = (later < items.shape[1]) & (place >= 0)
                following = torch.where(exists, items.gather(1, later.clamp_max(items.shape[1] - 1)[:, None])[:, 0], 0)
                own = (following > 0).float() / (self.counts[taken] * self.counts[following]).sqrt()
                together.scatter_add_(1, following[:, None], -own[:, None])
                soon = (following > 0).float() / (back + ahead) / self.counts[taken]
                after.scatter_add_(1, following[:, None], -soon[:, None])
        return together.clamp_min_(0), after.clamp_min_(0)

    def to(self, device: torch.device) -> "Neighbours":
        """The same on another device."""
        return Neighbours(*(value.to(device) for value in vars(self).values()))


def count_neighbours(rows: TrainingRows, items: int, seed: int) -> Neighbours:
    """Counts pairs of items that are at most `DISTANCE` actions apart in a row.

    Args:
        rows: all training sequences.
        items: number of items of the vocabulary.
        seed: of the sample of rows where there are more than `ACTIONS_COUNTED` actions.
    """
    row_of = np.repeat(np.arange(len(rows)), rows.lengths())
    values = rows.items.astype(np.int64)
    if len(values) > ACTIONS_COUNTED:
        chosen = np.random.default_rng(seed).random(len(rows)) < ACTIONS_COUNTED / len(values)
        values, row_of = values[chosen[row_of]], row_of[chosen[row_of]]
    counts = np.maximum(np.bincount(values, minlength=items + 1), 1).astype(np.float64)
    pairs, weights = [], []
    for distance in range(1, DISTANCE + 1):
        same = row_of[distance:] == row_of[:-distance]
        first, second = values[:-distance][same], values[distance:][same]
        pairs.append(first * (items + 1) + second)
        weights.append(np.full(len(first), 1.0 / distance))
    codes, places = np.unique(np.concatenate(pairs), return_inverse=True)
    first, second = codes // (items + 1), codes % (items + 1)
    soon = np.bincount(places, np.concatenate(weights)) / counts[first]
    often = np.bincount(places).astype(np.float64)
    both = np.concatenate([first, second]), np.concatenate([second, first])
    codes, places = np.unique(both[0] * (items + 1) + both[1], return_inverse=True)
    together = np.bincount(places, np.concatenate([often, often]))
    near = together / np.sqrt(counts[codes // (items + 1)] * counts[codes % (items + 1)])
    return Neighbours(
        *_nearest(codes // (items + 1), codes % (items + 1), near, items),
        *_nearest(first, second, soon, items),
        torch.from_numpy(counts.astype(np.float32)),
    )


def _nearest(
    first: np.ndarray, second: np.ndarray, weights: np.ndarray, items: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """The `KEPT` heaviest pairs of each first item as tables [items + 1, KEPT]; a tie goes to the lower index."""
    different = first != second
    first, second, weights = first[different], second[different], weights[different]
    order = np.lexsort((second, -weights, first))
    first, second, weights = first[order], second[order], weights[order]
    place = np.arange(len(first)) - np.searchsorted(first, first)
    kept = place < KEPT
    neighbours, heavy = np.zeros((items + 1, KEPT), np.int64), np.zeros((items + 1, KEPT), np.float32)
    neighbours[first[kept], place[kept]] = second[kept]
    heavy[first[kept], place[kept]] = weights[kept]
    return torch.from_numpy(neighbours), torch.from_numpy(heavy)
