"""Candidate actions of each position: the most similar items and uniform ones, drawn from the row's content alone."""

import numpy as np
import torch

from .errors import RequestError

SCORES_AT_ONCE = {"cpu": 1 << 20, "cuda": 1 << 26}
"""Similarities computed at a time by kind of device: what a processor's cache holds; 256 MiB of float32 on a GPU."""


def prefix_hashes(rows: np.ndarray, seed: int) -> np.ndarray:
    """[batch, time] uint64: a hash of each prefix of each row [batch, time], the same in any batch."""
    hashes = np.empty(rows.shape, np.uint64)
    current = np.full(len(rows), _mix(np.array([seed], np.uint64))[0])
    for position in range(rows.shape[1]):
        current = _mix(current ^ (rows[:, position].astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)))
        hashes[:, position] = current
    return hashes


def excluded_items(items: np.ndarray, position: np.ndarray, repeats: bool) -> np.ndarray:
    """[positions, time] int64: what may not be a candidate, 0 where nothing.

    Args:
        items: [positions, time] the row of each position.
        position: [positions] where in its row each is.
        repeats: True leaves out only the logged next item, False the history too.
    """
    columns = np.arange(items.shape[1])
    following = position[:, None] + 1
    hidden = columns == following if repeats else columns <= following
    return np.where(hidden, items, 0)


def similar_items(
    similarity: torch.Tensor, excluded: torch.Tensor, following: torch.Tensor, count: int
) -> torch.Tensor:
    """[positions, count] int64: the most similar items, most similar first, then the lower index.

    Excluded items are taken only when nothing else is left, the logged next item never.

    Args:
        similarity: [positions, items] float32, column `i` is item `i + 1`.
        excluded: [positions, any] item indices, 0 for none.
        following: [positions] the logged next item.
    """
    padded = torch.nn.functional.pad(similarity, (1, 0))  # [positions, items + 1], column 0 takes the 0s of excluded
    lowest = torch.finfo(torch.float32).min
    padded.scatter_(1, excluded, lowest / 2)
    padded.scatter_(1, following[:, None], lowest)
    padded[:, 0] = lowest
    return padded.topk(count, dim=1).indices


def uniform_items(
    hashes: np.ndarray, taken: np.ndarray, excluded: np.ndarray, following: np.ndarray, count: int, items: int
) -> np.ndarray:
    """[positions, count] int64: distinct items that are uniform but for what is taken and excluded.

    Args:
        hashes: [positions] uint64: what the draws depend on.
        taken: [positions, any] candidates there already.
        excluded: [positions, any] items to avoid while others are left, 0 for none.
        following: [positions] the logged next item, never drawn.
        items: number of items of the vocabulary.
    """
    if count == 0:
        return np.zeros((len(hashes), 0), np.int64)
    draws = np.uint64(1) + np.arange(2 * count + 8, dtype=np.uint64)
    drawn = (_mix(hashes[:, None] + draws * np.uint64(0xD1B54A32D192ED03)) % np.uint64(items)).astype(np.int64) + 1
    barred = np.concatenate([taken, excluded, following[:, None]], 1)
    bad = (drawn[:, :, None] == barred[:, None, :]).any(2)  # [positions, draws]
    earlier = np.tril(np.ones((drawn.shape[1],) * 2, bool), -1)
    bad |= ((drawn[:, :, None] == drawn[:, None, :]) & earlier).any(2)
    first = np.argsort(bad, axis=1, kind="stable")[:, :count]
    chosen = np.take_along_axis(drawn, first, 1)
    for index in np.flatnonzero(np.take_along_axis(bad, first, 1).any(1)):
        chosen[index] = _search(int(hashes[index]), taken[index], excluded[index], int(following[index]), count, items)
    return chosen


def check_count(candidates: int, items: int, row: int) -> None:
    """Raises RequestError where the vocabulary has not enough items for that many candidates."""
    if candidates > items - 1:
        raise RequestError(
            f"row {row}, column candidates: {candidates} candidates asked for, the vocabulary of {items} items "
            f"allows at most {items - 1}"
        )


def _search(start: int, taken: np.ndarray, excluded: np.ndarray, following: int, count: int, items: int) -> np.ndarray:
    """The first items after a hashed place that are allowed; excluded ones once no other is left."""
    order = (start % items + np.arange(items)) % items + 1
    allowed = order[~np.isin(order, taken) & (order != following)]
    avoided = np.isin(allowed, excluded)
    return np.concatenate([allowed[~avoided], allowed[avoided]])[:count]


def _mix(values: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser (Steele, Lea & Flood 2014): spreads every input bit over the output."""
    with np.errstate(over="ignore"):
        values = values + np.uint64(0x9E3779B97F4A7C15)
        values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return values ^ (values >> np.uint64(31))
