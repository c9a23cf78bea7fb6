"""The peer: one prompt per (state, action), `[instruction | history | action]`, as reward models are usually asked.

Prompts of similar length share a batch of the same token budget, and attention is PyTorch's own. The state comes for
free: it is the hidden state one token before the action.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from environment.adapter import share_weights
from environment.batching import token_batches
from environment.model import Embed, EnvironmentModel


@dataclass(frozen=True)
class Prompts:
    """One batch of prompts, padded on the right with item 0."""

    members: np.ndarray
    """[batch] which of all prompts these are."""
    items: torch.Tensor
    """[batch, time] int64: history and action."""
    last: torch.Tensor
    """[batch] int64: where each action is."""


def prompts_of(rows: list[np.ndarray], actions: list[np.ndarray]) -> list[np.ndarray]:
    """The prompts of all (state, action) pairs, the logged action first: row by row, position by position."""
    return [
        np.append(row[: position + 1], action)
        for row, part in zip(rows, actions)
        for position in range(len(row) - 1)
        for action in (row[position + 1], *part[position])
    ]


def batches_of(prompts: list[np.ndarray], budget: int, instruction: int) -> Iterator[Prompts]:
    """Prompts by length, as many as the budget holds."""
    lengths = np.array([len(prompt) for prompt in prompts])
    for members in token_batches(lengths + instruction, budget):
        items = np.zeros((len(members), lengths[members].max()), np.int64)
        for line, member in zip(items, members):
            line[: lengths[member]] = prompts[member]
        yield Prompts(members, torch.from_numpy(items), torch.from_numpy(lengths[members] - 1))


class NaiveScorer:
    """Reads states and raw rewards of an environment model off one prompt per (state, action)."""

    def __init__(self, model: EnvironmentModel) -> None:
        self.model = model
        self.decoder = share_weights(model.decoder)  # trained weights of an adapter are shared too
        self.decoder.set_attn_implementation("sdpa")

    def read(self, batch: Prompts, embed: Embed | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """States [batch, state_dimension] and raw rewards [batch, heads] of prompts."""
        model, embed = self.model, embed or self.model.embed
        prompt = model.instruction[None].expand(len(batch.items), -1, -1)
        embeddings = torch.cat([prompt, embed(batch.items)], 1)
        time = embeddings.shape[1]
        mask = torch.ones(time, time, dtype=torch.bool).tril()[None, None]
        ids = torch.arange(time)[None].expand(len(batch.items), -1)
        hidden = model.decode(self.decoder, embeddings, ids, mask)
        line, place = torch.arange(len(batch.items)), batch.last + len(model.instruction)
        states = model.states(hidden[line, place - 1])
        action = batch.items[line, batch.last]
        return states, model.scores(hidden[line, place], states, model.keys(action, embed), action)

    @torch.inference_mode()
    def scores(self, rows: list[np.ndarray], actions: list[np.ndarray], budget: int) -> np.ndarray:
        """[transitions, 1 + actions, heads]: raw rewards of the logged action and of the others."""
        prompts = prompts_of(rows, actions)
        scores = np.empty((len(prompts), self.model.reward_heads.out_features), np.float32)
        for batch in batches_of(prompts, budget, len(self.model.instruction)):
            scores[batch.members] = self.read(batch)[1].numpy()
        return scores.reshape(-1, 1 + actions[0].shape[1], scores.shape[1])

    def tokens(self, rows: list[np.ndarray], actions: list[np.ndarray]) -> int:
        """Real tokens of all prompts."""
        instruction = len(self.model.instruction)
        return sum(len(prompt) + instruction for prompt in prompts_of(rows, actions))
