"""The LLM environment: a causal decoder over item tokens with a state projection and reward heads."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from .calibration import Calibration
from .layout import PackedBatch, action_mask, history_mask, positions
from .tree_attention import attention_mask, check_window

if TYPE_CHECKING:
    from transformers import Cache

Embed = Callable[[torch.Tensor], torch.Tensor]
"""[...] item indices to [..., dim] item tokens."""


SUBSPACE_SPREAD = 0.5
"""Standard deviation of the weights that a head gives the state's dimensions at the start."""


@dataclass(frozen=True)
class Hidden:
    """Last-layer hidden states of a packed batch, standardised over `dim`, float32."""

    history: torch.Tensor
    """[batch, time, dim]: at each item of the history, for the states."""
    logged: torch.Tensor
    """[batch, time, dim]: the same for the rewards of logged actions; the same tensor with a joint adapter."""
    actions: torch.Tensor
    """[batch, actions, dim]: at each action, for its reward; no actions where none are read."""


@dataclass(frozen=True)
class Scored:
    """What the model says about a packed batch; nothing holds for padding."""

    states: torch.Tensor
    """[batch, time, state_dimension]."""
    logged: torch.Tensor
    """[batch, time - 1, heads]: raw rewards of item `t + 1` after items `1..t`."""
    actions: torch.Tensor
    """[batch, actions, heads]: raw rewards of the actions."""


class EnvironmentModel(nn.Module):
    """Maps item sequences to states, and pairs of history and action to rewards.

    The raw reward of an action is what the heads read off the decoder's hidden state at the action, plus two offsets
    with a learned weight: the similarity of state and action (the state loss makes it the log-odds of the next item,
    which is what the pairwise reward loss asks for too, and it learns from every item at every position), and the
    action's log frequency in the training sequences. Similarity has the log frequency as its offset as well: the
    decoder only has to say what differs from popularity.

    Args:
        decoder: `inputs_embeds` [batch, time, dim] to `last_hidden_state` [batch, time, dim]; its attention is
            `tree_attention`.
        reward_decoder: the same with an adapter of its own for the rewards; None where one adapter serves both.
        item_tokens: [items + 1, dim] float32: one embedding per item in the decoder's word space; row 0 is padding.
        popularity: [items + 1] float32: centred log frequency of each item.
        instruction: [instruction, dim] float32: embeddings of the prompt in front of every history.
        state_dimension: length of a state.
        heads: reward heads of the ensemble.
        read_actions: whether the decoder reads actions; otherwise a reward is a comparison of state and item alone.
    """

    def __init__(
        self,
        decoder: nn.Module,
        reward_decoder: nn.Module | None,
        item_tokens: torch.Tensor,
        popularity: torch.Tensor,
        instruction: torch.Tensor,
        state_dimension: int,
        heads: int,
        read_actions: bool = True,
    ) -> None:
        super().__init__()
        dimension = item_tokens.shape[1]
        self.reads_actions = read_actions
        self.fitted_items = len(item_tokens) - 1
        """Items that it was fitted with; those after them have a token and nothing else."""
        self.decoder = decoder
        self.reward_decoder = reward_decoder
        self.register_buffer("item_tokens", item_tokens)
        self.register_buffer("popularity", popularity)
        self.register_buffer("instruction", instruction)
        self.state_projection = nn.Linear(dimension, state_dimension)
        self.item_projection = nn.Linear(dimension, state_dimension, bias=False)
        self.reward_heads = nn.Linear(dimension, heads)
        self.state_popularity = nn.Parameter(torch.tensor(1.0))
        self.reward_popularity = nn.Parameter(torch.tensor(1.0))
        self.reward_subspaces = nn.Parameter(torch.ones(heads, state_dimension))
        self.register_buffer("calibration", torch.tensor([1.0, 0.0, 1.0, 0.5]))
        self.register_buffer("key_mean", torch.zeros(state_dimension))
        self.register_buffer("key_covariance", torch.zeros(state_dimension, state_dimension))

    def initialise_heads(self, seed: int) -> None:
        """Random heads, and an item projection on the directions in which the item tokens differ most (PCA)."""
        generator = torch.Generator().manual_seed(seed)
        dimension = self.item_tokens.shape[1]
        with torch.no_grad():
            for head in (self.state_projection, self.reward_heads):
                head.weight.copy_(torch.randn(head.weight.shape, generator=generator) * 0.02 / dimension**0.5)
                head.bias.zero_()
            heads, width = self.reward_subspaces.shape
            weights = torch.randn(heads, width, generator=generator)
            self.reward_subspaces.copy_(1.0 + SUBSPACE_SPREAD * (weights - weights.mean(0)))
            tokens = self.item_tokens[1:].float().cpu()
            tokens = tokens - tokens.mean(0)
            count = min(self.state_projection.out_features, *tokens.shape)
            _, _, directions = torch.svd_lowrank(tokens, q=count, niter=2)
            self.item_projection.weight.zero_()
            scale = (tokens @ directions).std(0).clamp_min(1e-6)  # [count]
            self.item_projection.weight[:count] = (directions / scale).T

    def leave_popularity_out(self) -> None:
        """Makes a reward what tells an action from how often everybody takes it: `log p(a | s) - log p(a)`.

        The state's log-odds keep the log frequency with weight 1, so that states and keys learn the rest alone; rewards
        have none of it.
        """
        for parameter, value in ((self.state_popularity, 1.0), (self.reward_popularity, 0.0)):
            parameter.requires_grad_(False).fill_(value)

    def add_items(self, tokens: torch.Tensor) -> None:
        """Appends items that the model was not fitted with: [new, dim] tokens. They count as never taken."""
        device = self.item_tokens.device
        # A log frequency of 0, centred as those of the others are: their lowest stands for it.
        least = self.popularity[1 : self.fitted_items + 1].min().expand(len(tokens))
        self.register_buffer("item_tokens", torch.cat([self.item_tokens, tokens.to(device, self.item_tokens.dtype)]))
        self.register_buffer("popularity", torch.cat([self.popularity, least]))

    @property
    def is_standardised(self) -> bool:
        """Whether scores are standardised within their state."""
        return bool(self.key_covariance.any())

    def standardise(self, counts: torch.Tensor) -> None:
        """From now on a score is set beside those of what everybody takes, in the same state.

        The mean of `sum_d u_d s_d k_d` over items drawn by popularity, and its variance, follow from the mean and the
        covariance of their keys alone.

        Args:
            counts: [items] how often each item is taken.
        """
        share = (counts / counts.sum()).to(self.item_tokens.device, torch.float32)[:, None]
        keys = self.keys(torch.arange(1, len(self.item_tokens), device=share.device)).detach()
        self.key_mean.copy_((share * keys).sum(0))
        apart = keys - self.key_mean
        self.key_covariance.copy_(apart.T @ (share * apart))

    def within_state(self, raw: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
        """[..., heads] raw scores to standard deviations from the mean of popular actions in the same state.

        Args:
            states: [..., state_dimension] the states that the actions are taken in.
        """
        seen = states[..., None, :] * self.reward_subspaces  # [..., heads, state_dimension]
        variance = ((seen @ self.key_covariance) * seen).sum(-1)
        return (raw - seen @ self.key_mean) / variance.clamp_min(1e-12).sqrt()

    @property
    def precision(self) -> torch.dtype:
        """Data type of the decoder's weights."""
        return next(parameter.dtype for parameter in self.decoder.parameters() if parameter.dim() == 2)

    def embed(self, items: torch.Tensor) -> torch.Tensor:
        """[...] item indices to [..., dim] item tokens."""
        return self.item_tokens[items]

    def forward(self, batch: PackedBatch, embed: Embed | None = None) -> Hidden:
        """Hidden states of histories and actions in one pass; `embed` replaces the table of item tokens."""
        embed = embed or self.embed
        instruction = len(self.instruction)
        if not self.reads_actions:
            batch = replace(batch, actions=batch.actions[:, :0], after=batch.after[:, :0])
        history_positions, action_positions = positions(batch, instruction)
        rows, time = batch.items.shape
        prompt = torch.cat([self._prompt(rows), embed(batch.items)], 1)  # [batch, instruction + time, dim]
        embeddings = torch.cat([prompt, embed(batch.actions)], 1)  # [batch, tokens, dim]
        ids = torch.cat([history_positions.expand(rows, -1), action_positions], 1)  # [batch, tokens]
        causal = history_mask(batch, instruction)
        shared = causal.expand(rows, -1, -1, -1)
        mask = torch.cat([shared, action_mask(batch, instruction)], 2)  # [batch, 1, tokens, instruction + time]
        hidden = self.decode(self.reward_decoder or self.decoder, embeddings, ids, mask)
        logged, actions = hidden[:, instruction : instruction + time], hidden[:, instruction + time :]
        if self.reward_decoder is None:
            return Hidden(logged, logged, actions)
        history = self.decode(self.decoder, prompt, ids[:, : instruction + time], causal)
        return Hidden(history[:, instruction:], logged, actions)

    def read_history(self, batch: PackedBatch) -> tuple[Hidden, "Cache"]:
        """Hidden states of the histories alone, and the keys and values to score actions with."""
        from transformers import DynamicCache

        instruction = len(self.instruction)
        rows = batch.items.shape[0]
        embeddings = torch.cat([self._prompt(rows), self.embed(batch.items)], 1)
        ids = positions(batch, instruction)[0].expand(rows, -1)
        mask = history_mask(batch, instruction)
        cache = DynamicCache()
        logged = self.decode(self.reward_decoder or self.decoder, embeddings, ids, mask, cache)[:, instruction:]
        history = logged
        if self.reward_decoder is not None:
            history = self.decode(self.decoder, embeddings, ids, mask)[:, instruction:]
        return Hidden(history, logged, history[:, :0]), cache

    def read_actions(self, batch: PackedBatch, history: Hidden, cache: "Cache") -> Hidden:
        """Adds the hidden states of the actions after a history that `read_history` has read; uses `cache` up."""
        if batch.actions.shape[1] == 0 or not self.reads_actions:
            return history
        _, ids = positions(batch, len(self.instruction))
        mask = action_mask(batch, len(self.instruction))
        actions = self.decode(self.reward_decoder or self.decoder, self.embed(batch.actions), ids, mask, cache)
        return Hidden(history.history, history.logged, actions)

    def states(self, hidden: torch.Tensor) -> torch.Tensor:
        """[..., dim] hidden states to [..., state_dimension]."""
        return self.state_projection(hidden)

    def keys(self, items: torch.Tensor, embed: Embed | None = None) -> torch.Tensor:
        """[...] item indices to what states are compared with, [..., state_dimension]."""
        return self.item_projection((embed or self.embed)(items))

    def similarity(self, states: torch.Tensor, keys: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        """[positions, state_dimension] states and the keys of [items] item indices to [positions, items] log-odds."""
        return states @ keys.T + self.state_popularity * self.popularity[items]

    def scores(
        self, hidden: torch.Tensor, states: torch.Tensor, keys: torch.Tensor, items: torch.Tensor
    ) -> torch.Tensor:
        """Raw rewards of actions: what the heads read off the action, on top of its similarity and popularity.

        Args:
            hidden: [..., dim] hidden states at the actions; not looked at where actions are not read.
            states: [..., state_dimension] the states that the actions are taken in.
            keys: [..., state_dimension] the actions' keys.
            items: [...] the actions' item indices.

        Returns:
            [..., heads]
        """
        similar = (states * keys) @ self.reward_subspaces.T  # [..., heads]
        read = self.reward_heads(hidden) if self.reads_actions else 0.0
        raw = read + similar + (self.reward_popularity * self.popularity[items])[..., None]
        return self.within_state(raw, states) if self.is_standardised else raw

    def score(self, batch: PackedBatch, hidden: Hidden, embed: Embed | None = None) -> Scored:
        """States of all positions, raw rewards of the logged actions and of the batch's actions."""
        states = self.states(hidden.history)  # [batch, time, state_dimension]
        following = batch.items[:, 1:]
        logged = self.scores(hidden.logged[:, 1:], states[:, :-1], self.keys(following, embed), following)
        after = batch.after[..., None].expand(-1, -1, states.shape[-1])
        taken_in = states.gather(1, after)  # [batch, actions, state_dimension]
        actions = self.scores(hidden.actions, taken_in, self.keys(batch.actions, embed), batch.actions)
        return Scored(states, logged, actions)

    def rewards(self, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[..., heads] scores to calibrated rewards [...] in [-1, 2] and their spread [...] over the heads."""
        calibration = Calibration(*self.calibration)
        return calibration.of_tensors(scores.mean(-1)), calibration.of_tensors(scores).std(-1, correction=0)

    def decode(
        self,
        decoder: nn.Module,
        embeddings: torch.Tensor,
        ids: torch.Tensor,
        seen: torch.Tensor,
        cache: "Cache | None" = None,
    ) -> torch.Tensor:
        """Runs a decoder on [batch, time, dim] embeddings to hidden states of the same shape, standardised, float32.

        Raises:
            BaseModelError: the decoder's sliding window is shorter than the history.
        """
        history = seen.shape[-1]
        check_window(decoder.config, history)
        keys = embeddings.shape[1] + (0 if cache is None else cache.get_seq_length())
        output = decoder(
            inputs_embeds=embeddings.to(self.precision),
            position_ids=ids,
            attention_mask=attention_mask(seen, keys - history, self.precision),
            past_key_values=cache,
            use_cache=cache is not None,
        )
        hidden = output.last_hidden_state.float()
        # Families differ in the scale of their final norm by orders of magnitude; the heads should not see it.
        return functional.layer_norm(hidden, hidden.shape[-1:])

    def _prompt(self, rows: int) -> torch.Tensor:
        return self.instruction[None].expand(rows, -1, -1)
