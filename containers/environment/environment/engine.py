"""Answers rows: states of all positions, rewards of the logged actions and of candidates."""

from dataclasses import dataclass

import numpy as np
import torch

from .candidates import SCORES_AT_ONCE, excluded_items, prefix_hashes, similar_items, uniform_items
from .layout import pack
from .model import EnvironmentModel


@dataclass(frozen=True)
class RowAnswer:
    """What the environment says about one row of `length` items."""

    states: np.ndarray
    """[length, state_dimension] float16."""
    rewards: np.ndarray
    """[length - 1] float32: of the logged actions."""
    reward_spreads: np.ndarray
    """[length - 1] float32."""
    candidates: np.ndarray
    """[length - 1, count] int32."""
    candidate_rewards: np.ndarray
    """[length - 1, count] float32."""
    candidate_reward_spreads: np.ndarray
    """[length - 1, count] float32."""


@dataclass(frozen=True)
class CandidatePolicy:
    """How candidates are drawn."""

    similar: int
    """Of a position's candidates, how many are the most similar items; the rest are uniform."""
    repeats: bool
    """Whether items of the history may be candidates."""
    seed: int


class Engine:
    """Runs an environment model in inference mode.

    Args:
        model: the fitted model, on its device.
        policy: how candidates are drawn.
    """

    def __init__(self, model: EnvironmentModel, policy: CandidatePolicy) -> None:
        self.model = model.eval()
        self.policy = policy
        self.device = model.item_tokens.device
        self.items = len(model.item_tokens) - 1
        self.catalogue = torch.arange(1, self.items + 1, device=self.device)
        self.keys = model.keys(self.catalogue)  # [items, state_dimension]

    @torch.inference_mode()
    def answer(self, rows: list[np.ndarray], counts: list[int]) -> list[RowAnswer]:
        """Answers each row with that many candidates a position, in one batch."""
        batch = pack(rows).to(self.device)
        history, cache = self.model.read_history(batch)
        candidates = self._candidates(rows, counts, self.model.states(history.history))
        packed = pack(rows, candidates).to(self.device)
        scored = self.model.score(packed, self.model.read_actions(packed, history, cache))
        rewards, spreads = self.model.rewards(scored.logged)  # [batch, time - 1]
        action_rewards, action_spreads = self.model.rewards(scored.actions)  # [batch, actions]
        arrays = [
            tensor.cpu().numpy()
            for tensor in (scored.states.half(), rewards, spreads, action_rewards, action_spreads)
        ]
        return [
            self._row(index, len(row), candidates[index].astype(np.int32), *arrays) for index, row in enumerate(rows)
        ]

    def _row(
        self,
        index: int,
        length: int,
        candidates: np.ndarray,
        states: np.ndarray,
        rewards: np.ndarray,
        spreads: np.ndarray,
        action_rewards: np.ndarray,
        action_spreads: np.ndarray,
    ) -> RowAnswer:
        shape, count = candidates.shape, candidates.size
        return RowAnswer(
            states[index, :length],
            rewards[index, : length - 1],
            spreads[index, : length - 1],
            candidates,
            action_rewards[index, :count].reshape(shape),
            action_spreads[index, :count].reshape(shape),
        )

    def _candidates(self, rows: list[np.ndarray], counts: list[int], states: torch.Tensor) -> list[np.ndarray]:
        """For each row [length - 1, count] int64."""
        chosen: list[np.ndarray] = [np.zeros((len(row) - 1, count), np.int64) for row, count in zip(rows, counts)]
        for count in sorted(set(counts) - {0}):
            members = [index for index, row in enumerate(rows) if counts[index] == count and len(row) > 1]
            if not members:
                continue
            padded = pack([rows[index] for index in members]).items.numpy()  # [members, time]
            lengths = np.array([len(rows[index]) - 1 for index in members])
            owner = np.repeat(np.arange(len(members)), lengths)  # [positions]
            position = np.concatenate([np.arange(length) for length in lengths])
            hashes = prefix_hashes(padded, self.policy.seed)[owner, position]
            flat = states[torch.as_tensor(np.array(members)[owner]), torch.as_tensor(position)]
            drawn = self._draw(flat, padded[owner], position, hashes, count)
            for member, part in zip(members, np.split(drawn, np.cumsum(lengths)[:-1])):
                chosen[member] = part
        return chosen

    def _draw(
        self, states: torch.Tensor, items: np.ndarray, position: np.ndarray, hashes: np.ndarray, count: int
    ) -> np.ndarray:
        similar = min(self.policy.similar, count)
        excluded = excluded_items(items, position, self.policy.repeats)
        following = items[np.arange(len(items)), position + 1]
        taken = np.zeros((len(items), similar), np.int64)
        step = max(1, SCORES_AT_ONCE[self.device.type] // self.items)
        for start in range(0, len(items) if similar else 0, step):
            part = slice(start, start + step)
            taken[part] = similar_items(
                self.model.similarity(states[part], self.keys, self.catalogue),
                torch.as_tensor(excluded[part], device=self.device),
                torch.as_tensor(following[part], device=self.device),
                similar,
            ).cpu().numpy()
        rest = uniform_items(hashes, taken, excluded, following, count - similar, self.items)
        return np.concatenate([taken, rest], 1)

