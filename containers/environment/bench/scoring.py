"""Packed scoring beside one prompt per (state, action), on the same rows with the same actions."""

from pathlib import Path

import numpy as np
import torch
from environment.batching import token_batches
from environment.layout import pack
from environment.model import EnvironmentModel

from .measure import Line, by_turns, higher_is_better, lower_is_better
from .naive import NaiveScorer
from .subject import actions_of, environment_of, packed_tokens, rows_of

BUDGET = 1024
"""Tokens of a batch, as the server has it on CPU."""
TOLERANCE = 1e-4
"""Packed and naive rewards may differ by that, float32."""
PEER = "one prompt per (state, action)"


@torch.inference_mode()
def packed_scores(model: EnvironmentModel, rows: list[np.ndarray], actions: list[np.ndarray], budget: int) -> np.ndarray:
    """[transitions, 1 + actions, heads]: raw rewards as serving computes them."""
    count = actions[0].shape[1]
    parts: dict[int, np.ndarray] = {}
    for group in token_batches(packed_tokens(rows, count, len(model.instruction)), budget):
        members = [rows[index] for index in group]
        history, cache = model.read_history(pack(members))
        batch = pack(members, [actions[index] for index in group])
        scored = model.score(batch, model.read_actions(batch, history, cache))
        for line, index in enumerate(group):
            transitions = len(rows[index]) - 1
            logged = scored.logged[line, :transitions, None]  # [transitions, 1, heads]
            others = scored.actions[line, : transitions * count].unflatten(0, (transitions, count))
            parts[int(index)] = torch.cat([logged, others], 1).numpy()
    return np.concatenate([parts[index] for index in range(len(rows))])


def packed_beside_naive(
    folder: Path, layers: int | None, count: int, instruction: int, rounds: int, length: int = 11, actions: int = 10
) -> list[Line]:
    """Measures `count` rows of `length` items with `actions` actions beside each logged one.

    Raises:
        AssertionError: the two do not agree.
    """
    model = environment_of(folder, layers, instruction)
    naive = NaiveScorer(model)
    rows = rows_of(length, count)
    drawn = actions_of(rows, actions)
    transitions = sum(len(row) - 1 for row in rows)
    packed, peer = packed_scores(model, rows, drawn, BUDGET), naive.scores(rows, drawn, BUDGET)
    difference = float(np.abs(packed - peer).max())
    if difference > TOLERANCE:
        raise AssertionError(f"Packed and naive rewards differ by {difference:.2e}, more than {TOLERANCE}.")
    tokens = int(packed_tokens(rows, actions, instruction).sum())
    peer_tokens = naive.tokens(rows, drawn)
    seconds, peer_seconds = by_turns(
        [lambda: packed_scores(model, rows, drawn, BUDGET), lambda: naive.scores(rows, drawn, BUDGET)], rounds
    )
    return [
        lower_is_better("largest difference of a reward", difference, "", "limit", TOLERANCE),
        lower_is_better("tokens", tokens / transitions, "tokens/transition", PEER, peer_tokens / transitions),
        higher_is_better("transitions", transitions / seconds, "transitions/s", PEER, transitions / peer_seconds),
        higher_is_better("real tokens", tokens / seconds, "tokens/s", PEER, peer_tokens / peer_seconds),
    ]
