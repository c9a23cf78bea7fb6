"""Candidate actions of each position: the most similar items and uniform ones, drawn from the row's content alone."""

import torch

from .errors import RequestError

SCORES_AT_ONCE = {"cpu": 1 << 20, "cuda": 1 << 26}
"""Similarities computed at a time by kind of device: what a processor's cache holds; 256 MiB of float32 on a GPU."""


def prefix_hashes(items: torch.Tensor, seed: int) -> torch.Tensor:
    """[batch, time] int64: a hash of each prefix of each row of `items` [batch, time], the same in any batch."""
    hashes = torch.empty_like(items)
    current = _mix(torch.full((len(items),), seed, device=items.device))
    for position in range(items.shape[1]):
        current = _mix(current ^ (items[:, position] * _signed(0x9E3779B97F4A7C15)))
        hashes[:, position] = current
    return hashes


def excluded_items(items: torch.Tensor, position: torch.Tensor, repeats: bool) -> torch.Tensor:
    """[positions, time] int64: what may not be a candidate, 0 where nothing.

    Args:
        items: [positions, time] the row of each position.
        position: [positions] where in its row each is.
        repeats: True leaves out only the logged next item, False the history too.
    """
    columns = torch.arange(items.shape[1], device=items.device)
    following = position[:, None] + 1
    hidden = columns == following if repeats else columns <= following
    return torch.where(hidden, items, 0)


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
    hashes: torch.Tensor, taken: torch.Tensor, excluded: torch.Tensor, following: torch.Tensor, count: int, items: int
) -> torch.Tensor:
    """[positions, count] int64: distinct items that are uniform but for what is taken and excluded.

    Args:
        hashes: [positions] int64: what the draws depend on.
        taken: [positions, any] candidates there already.
        excluded: [positions, any] items to avoid while others are left, 0 for none.
        following: [positions] the logged next item, never drawn.
        items: number of items of the vocabulary.
    """
    draws = torch.arange(1, 2 * count + 9, device=hashes.device)
    drawn = _unsigned_remainder(_mix(hashes[:, None] + draws * _signed(0xD1B54A32D192ED03)), items) + 1
    barred = torch.cat([taken, excluded, following[:, None]], 1)
    bad = (drawn[:, :, None] == barred[:, None, :]).any(2)  # [positions, draws]
    bad |= (drawn[:, :, None] == drawn[:, None, :]).tril(-1).any(2)  # drawn before
    first = bad.to(torch.uint8).argsort(dim=1, stable=True)[:, :count]
    chosen = drawn.gather(1, first)
    for index in bad.gather(1, first).any(1).nonzero()[:, 0].tolist():
        chosen[index] = _search(hashes[index], taken[index], excluded[index], following[index], count, items)
    return chosen


def check_count(candidates: int, items: int, row: int) -> None:
    """Raises RequestError where the vocabulary has not enough items for that many candidates."""
    if candidates > items - 1:
        raise RequestError(
            f"row {row}, column candidates: {candidates} candidates asked for, the vocabulary of {items} items "
            f"allows at most {items - 1}"
        )


def _search(
    hashed: torch.Tensor, taken: torch.Tensor, excluded: torch.Tensor, following: torch.Tensor, count: int, items: int
) -> torch.Tensor:
    """The first items after a hashed place that are allowed; excluded ones once no other is left."""
    order = (_unsigned_remainder(hashed, items) + torch.arange(items, device=hashed.device)) % items + 1
    allowed = order[~torch.isin(order, taken) & (order != following)]
    avoided = torch.isin(allowed, excluded)
    return torch.cat([allowed[~avoided], allowed[avoided]])[:count]


def _mix(values: torch.Tensor) -> torch.Tensor:
    """SplitMix64's finaliser (Steele, Lea & Flood 2014): spreads every input bit over the output.

    The 64 bits are unsigned; int64 holds them, since devices compute in it and its products keep the same bits.
    """
    values = values + _signed(0x9E3779B97F4A7C15)
    values = (values ^ _shifted(values, 30)) * _signed(0xBF58476D1CE4E5B9)
    values = (values ^ _shifted(values, 27)) * _signed(0x94D049BB133111EB)
    return values ^ _shifted(values, 31)


def _shifted(values: torch.Tensor, bits: int) -> torch.Tensor:
    """Shifted to the right, zeros following."""
    return (values >> bits) & ((1 << (64 - bits)) - 1)


def _unsigned_remainder(values: torch.Tensor, divisor: int) -> torch.Tensor:
    """Of 64 unsigned bits that int64 holds."""
    return (_shifted(values, 1) % divisor * 2 + (values & 1)) % divisor


def _signed(constant: int) -> int:
    """The int64 with the bits of an unsigned constant."""
    return constant - (1 << 64) if constant >> 63 else constant
