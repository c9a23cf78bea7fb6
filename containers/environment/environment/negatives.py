"""Draws of actions that were not taken: uniform, or as often as they are taken."""

import numpy as np


def draw_negatives(
    row: np.ndarray,
    count: int,
    items: int,
    repeats: bool,
    generator: np.random.Generator,
    taken: np.ndarray | None = None,
) -> np.ndarray:
    """[length - 1, count] int64: for each position but the last, items that are not the next one.

    Where sequences never repeat an item (`repeats` false), items of the row are avoided too, as long as the
    catalogue has enough others.

    Args:
        row: [length] item indices.
        count: negatives per position.
        items: number of items of the vocabulary, at least 2.
        repeats: whether an item of the history may well be the next one.
        generator: where the draws come from.
        taken: [any] actions to draw from, each as often as it is there; None draws every item alike.
    """

    def draw(shape: tuple[int, ...] | int) -> np.ndarray:
        if taken is None:
            return generator.integers(1, items + 1, shape)
        return taken[generator.integers(0, len(taken), shape)].astype(np.int64)

    following = row[1:, None].astype(np.int64)  # [length - 1, 1]
    drawn = draw((len(row) - 1, count))
    if not repeats and items > len(row):
        for _ in range(8):
            seen = np.isin(drawn, row)
            if not seen.any():
                break
            drawn[seen] = draw(int(seen.sum()))
    return np.where(drawn == following, drawn % items + 1, drawn)
