"""Runs a model over held-out positions: what metrics, early stopping and calibration are computed from."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from .batching import packed_length, token_batches
from .data import TrainingRows
from .layout import pack
from .model import EnvironmentModel
from .negatives import draw_negatives


@dataclass(frozen=True)
class ScoredPositions:
    """One entry for each position with a next item; raw (uncalibrated) scores."""

    users: np.ndarray
    """[positions] whose history it is."""
    targets: np.ndarray
    """[positions] the logged next item."""
    lengths: np.ndarray
    """[positions] items of the history."""
    negatives: np.ndarray
    """[positions, negatives] sampled actions: uniform ones, then those drawn by popularity."""
    logged_scores: np.ndarray
    """[positions, heads]."""
    negative_scores: np.ndarray
    """[positions, negatives, heads]."""
    state_losses: np.ndarray
    """[positions] cross-entropy of the next item among all items by similarity."""
    ranks: np.ndarray
    """[positions] the next item's rank, from 0, by state-item similarity among all items (history left out)."""
    popularity_ranks: np.ndarray
    """[positions] the same by training frequency."""


@torch.inference_mode()
def score_positions(
    model: EnvironmentModel,
    rows: TrainingRows,
    selected: np.ndarray,
    negatives: int,
    repeats: bool,
    budget: int,
    seed: int,
    popular: int = 0,
) -> ScoredPositions:
    """Scores every position of the rows `selected` that has a next item against actions that were not taken.

    Args:
        negatives: how many of them are uniform.
        popular: how many are drawn as often as everybody takes them.
    """
    items = len(model.item_tokens) - 1
    device = model.item_tokens.device
    catalogue = torch.arange(1, items + 1, device=device)
    keys = model.keys(catalogue)  # [items, state_dimension]
    # In this order a history of n items always gets the same negatives, whatever the batch.
    drawn: dict[int, np.ndarray] = {}
    for number in map(int, selected):
        generator = np.random.default_rng([seed, number])
        sequence = rows.row(number)
        uniform = draw_negatives(sequence, negatives, items, repeats, generator)
        by_count = draw_negatives(sequence, popular, items, repeats, generator, rows.items)
        drawn[number] = np.concatenate([uniform, by_count], 1)
    negatives += popular
    parts: list[tuple[np.ndarray, ...]] = []
    lengths = packed_length(rows.lengths()[selected], negatives if model.reads_actions else 0, len(model.instruction))
    for group in token_batches(np.asarray(lengths), budget):
        members = selected[group]
        batch = pack([rows.row(row) for row in members], [drawn[int(row)] for row in members]).to(device)
        scored = model.score(batch, model(batch))
        scores, action_scores = scored.logged.cpu().numpy(), scored.actions.cpu().numpy()
        for index, row in enumerate(members):
            sequence = rows.row(row).astype(np.int64)
            count = len(sequence) - 1
            ranks = _ranks(model, scored.states[index, :count], keys, catalogue, sequence, repeats)
            shape = (count, negatives, model.reward_heads.out_features)
            parts.append(
                (
                    np.full(count, rows.users[row]),
                    sequence[1:],
                    np.arange(1, count + 1),
                    drawn[int(row)],
                    scores[index, :count],
                    action_scores[index, : count * negatives].reshape(shape),
                    *ranks,
                )
            )
    return ScoredPositions(*(np.concatenate(column) for column in zip(*parts)))


def _ranks(
    model: EnvironmentModel,
    states: torch.Tensor,
    keys: torch.Tensor,
    catalogue: torch.Tensor,
    sequence: np.ndarray,
    repeats: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Losses and ranks [positions] of a row's next items among all items."""
    target = torch.from_numpy(sequence[1:] - 1).to(states.device)[:, None]  # [positions, 1]
    similarity = model.similarity(states, keys, catalogue)  # [positions, items]
    losses = functional.cross_entropy(similarity, target[:, 0], reduction="none")
    popularity = model.popularity[1:].expand(len(states), -1)
    seen = torch.zeros_like(similarity)
    if not repeats:
        history = torch.from_numpy(sequence[:-1] - 1).to(states.device).expand(len(states), -1)
        seen.scatter_add_(1, history, torch.ones_like(history, dtype=seen.dtype).tril())
    ranks = [
        ((values > values.gather(1, target)) & (seen == 0)).sum(1).cpu().numpy() for values in (similarity, popularity)
    ]
    return losses.cpu().numpy(), ranks[0], ranks[1]
