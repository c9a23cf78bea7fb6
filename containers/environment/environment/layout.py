"""The packed layout: a history once, and every action scored after every position as one more token.

A row is `[instruction | items 1..n | actions]`. Action `a` after position `t` sees the instruction and items 1..t and
itself, and its position restarts at that of item `t + 1`, so its hidden state is the one it would have at the end
of the prompt `[instruction | items 1..t | a]`. The *logged* action needs no token of its own: item `t + 1` sees
exactly that in the history.
"""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class PackedBatch:
    """Rows of one batch, padded on the right with item 0."""

    items: torch.Tensor
    """[batch, time] int64: item indices."""
    lengths: torch.Tensor
    """[batch] int64: items of each row."""
    actions: torch.Tensor
    """[batch, actions] int64: item indices of the actions to score, 0 where there is none."""
    after: torch.Tensor
    """[batch, actions] int64: the position (0 is the first item) after which each action is taken."""

    def to(self, device: torch.device) -> "PackedBatch":
        """The same batch on another device."""
        return PackedBatch(*(tensor.to(device) for tensor in (self.items, self.lengths, self.actions, self.after)))

    @property
    def tokens(self) -> int:
        """Real tokens, without padding and instructions."""
        return int(self.lengths.sum()) + int((self.actions > 0).sum())


def pack(rows: list[np.ndarray], actions: list[np.ndarray] | None = None) -> PackedBatch:
    """Pads rows and their actions to one batch.

    Args:
        rows: item indices of each row, [length].
        actions: for each row [length - 1, count], the actions to score after each position but the last.
    """
    time = max(len(row) for row in rows)
    items = np.zeros((len(rows), time), np.int64)
    for index, row in enumerate(rows):
        items[index, : len(row)] = row
    width = max((part.size for part in actions), default=0) if actions else 0
    flat = np.zeros((len(rows), width), np.int64)
    after = np.zeros((len(rows), width), np.int64)
    for index, part in enumerate(actions or []):
        flat[index, : part.size] = part.reshape(-1)
        after[index, : part.size] = np.repeat(np.arange(part.shape[0]), part.shape[1])
    lengths = np.array([len(row) for row in rows], np.int64)
    return PackedBatch(*(torch.from_numpy(array) for array in (items, lengths, flat, after)))


def positions(batch: PackedBatch, instruction: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Position ids of the history [1, instruction + time] and of the actions [batch, actions]."""
    time = batch.items.shape[1]
    history = torch.arange(instruction + time, device=batch.items.device)[None]
    return history, batch.after + instruction + 1


def history_mask(batch: PackedBatch, instruction: int) -> torch.Tensor:
    """[1, 1, instruction + time, instruction + time] bool: causal. Padding is on the right, so nothing real sees it."""
    length = instruction + batch.items.shape[1]
    return torch.ones(length, length, dtype=torch.bool, device=batch.items.device).tril()[None, None]


def action_mask(batch: PackedBatch, instruction: int) -> torch.Tensor:
    """[batch, 1, actions, instruction + time] bool: the instruction and the items up to the action's position."""
    keys = torch.arange(instruction + batch.items.shape[1], device=batch.items.device)
    return (keys <= (batch.after + instruction)[..., None])[:, None]
