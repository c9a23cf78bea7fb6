"""Answers rows: states of all positions, rewards of the logged actions and of candidates."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from .candidates import SCORES_AT_ONCE, excluded_items, prefix_hashes, similar_items, uniform_items
from .chances import FEATURES
from .layout import PackedBatch, pack
from .model import EnvironmentModel
from .proposals import Proposer


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
    candidate_chances: np.ndarray
    """[length - 1, count] float32: to be taken later, 0 unless a fifth above that of the most popular item left."""


@dataclass(frozen=True)
class CandidatePolicy:
    """How candidates are drawn."""

    similar: int
    """Of a position's candidates, how many are proposed; the rest are uniform."""
    repeats: bool
    """Whether items of the history may be candidates."""
    seed: int


class Engine:
    """Runs an environment model in inference mode.

    Args:
        model: the fitted model, on its device.
        policy: how candidates are drawn.
        proposer: proposes candidates by their chance to be taken; None proposes the items nearest to the state, of which no
            chance is known (0).
    """

    def __init__(self, model: EnvironmentModel, policy: CandidatePolicy, proposer: Proposer | None = None) -> None:
        self.model = model.eval()
        self.policy = policy
        self.proposer = proposer
        self.device = model.item_tokens.device
        self.items = model.fitted_items
        self.instruction = len(model.instruction)
        self.catalogue = torch.arange(1, self.items + 1, device=self.device)
        self.keys = model.keys(self.catalogue)  # [items, state_dimension]

    @torch.inference_mode()
    def answer(self, rows: list[np.ndarray], counts: list[int]) -> list[RowAnswer]:
        """Answers each row with that many candidates per position, in one batch."""
        waiting = pack(rows)
        batch = waiting.to(self.device)
        history, cache = self.model.read_history(batch)
        # Many small steps: on the processor, while a GPU still reads the histories.
        hashes = prefix_hashes(waiting.items, self.policy.seed).to(self.device)
        packed, chances = self._with_candidates(batch, counts, hashes, self.model.states(history.history))
        scored = self.model.score(packed, self.model.read_actions(packed, history, cache))
        rewards, spreads = self.model.rewards(scored.logged)  # [batch, time - 1]
        action_rewards, action_spreads = self.model.rewards(scored.actions)  # [batch, actions]
        answered = (scored.states.half(), rewards, spreads, packed.actions.int(), action_rewards, action_spreads, chances)
        arrays = [tensor.cpu().numpy() for tensor in answered]
        return [self._row(index, len(row), counts[index], *arrays) for index, row in enumerate(rows)]

    def _row(
        self,
        index: int,
        length: int,
        count: int,
        states: np.ndarray,
        rewards: np.ndarray,
        spreads: np.ndarray,
        actions: np.ndarray,
        action_rewards: np.ndarray,
        action_spreads: np.ndarray,
        chances: np.ndarray,
    ) -> RowAnswer:
        positions = length - 1
        of_candidates = [
            array[index, : positions * count].reshape(positions, count)
            for array in (actions, action_rewards, action_spreads, chances)
        ]
        return RowAnswer(states[index, :length], rewards[index, :positions], spreads[index, :positions], *of_candidates)

    def _with_candidates(
        self, batch: PackedBatch, counts: list[int], hashes: torch.Tensor, states: torch.Tensor
    ) -> tuple[PackedBatch, torch.Tensor]:
        """The batch with candidates after every position but each row's last as its actions, `counts` of its row.

        Their chances are [batch, actions].
        """
        rows, time = batch.items.shape
        width = int(((batch.lengths - 1) * torch.tensor(counts, device=self.device)).max())
        actions = torch.zeros(rows, width, dtype=torch.long, device=self.device)
        after = torch.zeros_like(actions)
        chances = torch.zeros(rows, width, device=self.device)
        followed = torch.arange(time, device=self.device) < (batch.lengths - 1)[:, None]  # [batch, time]
        for count in sorted(set(counts) - {0}):
            asked = torch.tensor([own == count for own in counts], device=self.device)
            row, position = (followed & asked[:, None]).nonzero(as_tuple=True)  # [positions]
            if len(row) == 0:
                continue
            drawn, chance = self._draw(states[row, position], batch.items[row], position, hashes[row, position], count)
            column = position[:, None] * count + torch.arange(count, device=self.device)  # [positions, count]
            actions[row[:, None], column] = drawn
            chances[row[:, None], column] = chance
            after[row[:, None], column] = position[:, None]
        return replace(batch, actions=actions, after=after), chances

    def _draw(
        self, states: torch.Tensor, items: torch.Tensor, position: torch.Tensor, hashes: torch.Tensor, count: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """[positions, count] item indices and their chances, 0 where unknown or not worth copying."""
        proposed = min(self.policy.similar, count)
        # Of items that came after the fit nothing is known but their text: they propose nothing and are not proposed.
        items = torch.where(items <= self.items, items, 0)
        excluded = excluded_items(items, position, self.policy.repeats)
        following = items.gather(1, position[:, None] + 1)[:, 0]
        whole = self.items if self.proposer is None else self.items * FEATURES
        step = max(1, SCORES_AT_ONCE[self.device.type] // whole)
        parts = []
        for start in range(0, len(items), step):
            some = slice(start, start + step)
            parts.append(
                self._propose(
                    states[some],
                    items[some],
                    position[some],
                    excluded[some],
                    following[some],
                    hashes[some],
                    proposed,
                    count,
                )
            )
        drawn, chances = (torch.cat(part) for part in zip(*parts))
        return drawn, chances

    def _propose(
        self,
        states: torch.Tensor,
        items: torch.Tensor,
        position: torch.Tensor,
        excluded: torch.Tensor,
        following: torch.Tensor,
        hashes: torch.Tensor,
        proposed: int,
        count: int,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if self.proposer is None:
            near = following.new_zeros(len(items), 0)
            if proposed:
                similarity = self.model.similarity(states, self.keys, self.catalogue)
                near = similar_items(similarity, excluded, following, proposed)
            others = uniform_items(hashes, near, excluded, following, count - proposed, self.items)
            return torch.cat([near, others], 1), torch.zeros(len(items), count, device=self.device)
        found = self.proposer.propose(states, items, position, excluded, following, proposed)
        others = uniform_items(hashes, found.items, excluded, following, count - proposed, self.items)
        drawn = torch.cat([found.items, others], 1)
        chances = found.chances.gather(1, drawn - 1)  # [positions, count]
        return drawn, torch.where(chances > found.bar[:, None], chances, 0.0)
