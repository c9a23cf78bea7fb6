"""How often the actions that are kept are right on held-out users, beside the most popular item and neighbours alone."""

from typing import Any

import numpy as np
import torch

from .candidates import excluded_items
from .data import TrainingRows
from .metrics import standard_error
from .proposals import Proposer, outcomes, states_of


@torch.inference_mode()
def action_metrics(proposer: Proposer, rows: TrainingRows, chosen: np.ndarray, repeats: bool) -> dict[str, Any]:
    """`actions` of `metrics.json`: of the positions where an action is kept, how often the user takes it later.

    Args:
        chosen: row numbers of held-out users.
        repeats: whether items of the history may be proposed.

    Returns:
        `refused` is null where what is kept is right more often than the most popular item at the same positions, else why
        it is not to be copied.
    """
    kept, actions, right, popular_right, near_right, chances, positions = [], [], [], [], [], [], 0
    users: list[np.ndarray] = []
    for states, items, position, number in states_of(proposer.model, rows, chosen, proposer.step):
        excluded = excluded_items(items, position, repeats)
        following = items.gather(1, position[:, None] + 1)[:, 0]
        proposed = proposer.propose(states, items, position, excluded, following, 1)
        is_later, is_open = outcomes(items, position, proposer.items, repeats)
        near, _ = proposer.neighbours.scores(items, position)
        nearest = torch.where(is_open, near[:, 1:], -1.0).argmax(1)
        best = proposed.items[:, 0]
        is_kept = proposed.chances.gather(1, best[:, None] - 1)[:, 0] > proposed.bar
        positions += len(states)
        places = torch.arange(len(states), device=states.device)
        kept.append(is_kept.cpu().numpy())
        actions.append(best.cpu().numpy())
        chances.append(proposed.chances[places, best - 1].cpu().numpy())
        right.append(is_later[places, best - 1].cpu().numpy())
        popular_right.append(is_later[places, proposed.popular - 1].cpu().numpy())
        near_right.append(is_later[places, nearest].cpu().numpy())
        users.append(rows.users[number])
    if positions == 0:
        return {"positions": 0, "kept": 0, "refused": "no held-out user has three actions"}
    keep, by_user = np.concatenate(kept), np.concatenate(users)[np.concatenate(kept)]
    own, popular, near_by = (np.concatenate(part)[keep].astype(float) for part in (right, popular_right, near_right))
    precision, beside = float(own.mean()) if keep.any() else 0.0, float(popular.mean()) if keep.any() else 0.0
    refused = None
    if not keep.any():
        refused = "no action has a clearly greater chance than the most popular item"
    elif precision <= beside:
        refused = f"of the actions kept {precision:.4f} are right, of the most popular items {beside:.4f}"
    return {
        "positions": positions,
        "kept": int(keep.sum()),
        "precision": precision,
        "precisionError": standard_error(own, by_user),
        "popularPrecision": beside,
        "neighbourPrecision": float(near_by.mean()) if keep.any() else 0.0,
        "differenceError": standard_error(own - popular, by_user),
        "meanChance": float(np.concatenate(chances)[keep].mean()) if keep.any() else 0.0,
        "effectiveActions": effective_number(np.concatenate(actions)[keep]),
        "refused": refused,
    }


def effective_number(actions: np.ndarray) -> float:
    """`exp` of the entropy of how often each action occurs: as many as are used alike."""
    if len(actions) == 0:
        return 0.0
    share = np.unique(actions, return_counts=True)[1] / len(actions)
    return float(np.exp(-(share * np.log(share)).sum()))
