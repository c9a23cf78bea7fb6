"""Batches of rows of similar length that hold at most a number of tokens, in a seeded order."""

import numpy as np

BATCH_TOKENS = {"cpu": 1024, "cuda": 1 << 16}
"""Tokens of a batch that is served, by kind of device: enough to keep its arithmetic units busy."""
QUEUED_TOKENS = 1 << 20
"""Tokens that may wait to be served before requests are refused."""


def packed_length(length: np.ndarray | int, actions: int, instruction: int) -> np.ndarray | int:
    """Tokens of a packed row with `actions` actions after every position but the last."""
    return instruction + length + (length - 1) * actions


def token_batches(tokens: np.ndarray, budget: int) -> list[np.ndarray]:
    """Groups rows, sorted by length, into batches whose padded size is at most `budget` tokens.

    A row that is longer than the budget is a batch of its own.

    Args:
        tokens: [rows] padded length each row needs.
        budget: tokens a batch may hold, padding counted.

    Returns:
        Row numbers, shortest rows first.
    """
    order = np.argsort(tokens, kind="stable")
    batches: list[np.ndarray] = []
    start = 0
    for end in range(1, len(order) + 1):
        # Sorted, so the row at `end` would be the longest.
        if end == len(order) or tokens[order[end]] * (end + 1 - start) > budget:
            batches.append(order[start:end])
            start = end
    return batches


def epoch_batches(tokens: np.ndarray, budget: int, seed: int, epoch: int) -> list[np.ndarray]:
    """The batches of one epoch in random order; the same for the same seed and epoch, so a resumed run finds them."""
    generator = np.random.default_rng([seed, epoch])
    shuffled = generator.permutation(len(tokens))  # equal lengths mix differently in each epoch
    batches = [shuffled[batch] for batch in token_batches(tokens[shuffled], budget)]
    return [batches[index] for index in generator.permutation(len(batches))]
