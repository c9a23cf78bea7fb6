"""Fits the LoRA adapter, the projections and the reward heads on training users, with held-out users to stop on."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .batching import epoch_batches, packed_length
from .checkpoint import Saved
from .config import EnvironmentConfig
from .data import TrainingRows
from .errors import DataError
from .layout import PackedBatch, pack
from .losses import reward_loss, state_loss
from .model import EnvironmentModel
from .negatives import draw_negatives
from .row_adam import RowAdam
from .scoring import score_positions

WARM_UP_SHARE = 0.05
"""Share of the steps over which the learning rate rises to its full value; it then falls along a cosine."""
LAST_RATE = 0.1
"""The learning rate of the last step, as a share of the full one."""
BAGGING_SHARE = 0.8
"""Probability with which a head of the ensemble sees a position."""
CENTRING = 0.01
"""Coefficient of reward centring."""
HELD_OUT_NEGATIVES = 2
"""Negatives per position when held-out users are scored for early stopping."""


@dataclass(frozen=True)
class FitData:
    """What the adapter is fitted on."""

    rows: TrainingRows
    fitted: np.ndarray
    """Row numbers of the users that are fitted on."""
    held_out: np.ndarray
    """Row numbers of the users kept for early stopping and metrics."""
    repeats: bool


@dataclass(frozen=True)
class Drawn:
    """A batch of rows with the actions beside the logged ones, on the processor."""

    batch: PackedBatch
    generator: np.random.Generator
    """Of the step, after the negatives were drawn from it."""


def is_adapter(name: str) -> bool:
    """Whether a trained parameter belongs to an adapter rather than to a projection or a head."""
    return name.startswith(("decoder.", "reward_decoder."))


class AdapterFit:
    """Trains the model's adapter; every random choice depends on seed, epoch and batch alone, so a resumed fit is exact.

    Args:
        model: with its adapter in place.
        config: of the environment.
        data: rows to fit on and to stop on.
    """

    def __init__(self, model: EnvironmentModel, config: EnvironmentConfig, data: FitData) -> None:
        self.model = model
        self.config = config
        self.data = data
        self.device = model.item_tokens.device
        self.items = len(model.item_tokens) - 1
        self.parameters = {name: value for name, value in model.named_parameters() if value.requires_grad}
        adapter = [value for name, value in self.parameters.items() if is_adapter(name)]
        heads = [value for name, value in self.parameters.items() if not is_adapter(name)]
        rates = (config.adapter.learning_rate, config.adapter.head_learning_rate)
        self.optimizer = torch.optim.AdamW(
            [{"params": adapter}, {"params": heads}], weight_decay=config.adapter.weight_decay
        )
        # By popularity, a score's offset of log p(a) and the correction of log q(a) are the same, and fall away.
        self.taken = data.rows.items if config.reward == "preference" else None
        for group, rate in zip(self.optimizer.param_groups, rates):
            group["full_rate"] = rate
        self.token_optimizer = RowAdam(model.item_tokens)
        self.epoch = self.step_in_epoch = self.steps = self.tokens = self.stale = 0
        self.best_loss = float("inf")
        self.best: dict[str, torch.Tensor] = self.weights()
        self.history: list[dict[str, float]] = []

    def begin(self, trained: dict[str, torch.Tensor]) -> dict[str, float]:
        """Puts an earlier fit's weights in place of the initial ones; where no epoch is better, they are what is kept.

        Args:
            trained: of adapters, projections and heads by name; others are not looked at.

        Returns:
            What held-out users say of them.

        Raises:
            DataError: it has other weights than this model.
        """
        for name, value in self.parameters.items():
            earlier = trained.get(name)
            if earlier is None or earlier.shape != value.shape:
                found = "no" if earlier is None else f"another ({list(earlier.shape)}, not {list(value.shape)})"
                raise DataError(f"The environment to begin from has {found} {name}: it was fitted with another configuration.")
        with torch.no_grad():
            for name, value in self.parameters.items():
                value.copy_(trained[name])
        return self.evaluate()

    def run(self, report: Callable[..., None], pause: Callable[[Saved], None]) -> None:
        """Trains until the epochs are over or held-out users stop improving, and leaves the best weights in the model.

        Args:
            report: called with the share done and the losses after every step.
            pause: called with what a checkpoint would keep after every step.
        """
        total = self.planned_steps()
        while self.steps < total and self.stale < self.config.adapter.patience:
            batches = self.draws()
            drawn = next(batches, None)
            while drawn is not None and self.steps < total:
                losses = self.step(drawn, self.steps / total, total)
                drawn = next(batches, None)  # while a GPU still computes the step
                self.step_in_epoch += 1
                self.steps += 1
                values = {name: float(value) for name, value in losses.items()}
                report(self.steps / total, loss=sum(values.values()), **values)
                pause(self.save)
            self.epoch += 1
            self.step_in_epoch = 0
            report(self.steps / total, **self.evaluate())
        self.restore(self.best)

    def planned_steps(self) -> int:
        """Steps of all epochs, the last one possibly in part."""
        epochs = self.config.adapter.epochs
        whole = [len(self.epoch_plan(epoch)) for epoch in range(math.ceil(epochs))]
        return max(1, round(sum(whole[: int(epochs)]) + (epochs - int(epochs)) * whole[-1]))

    def epoch_plan(self, epoch: int) -> list[np.ndarray]:
        """The batches of an epoch, as positions in `data.fitted`."""
        lengths = self.data.rows.lengths()[self.data.fitted]
        actions = self.config.adapter.negatives if self.model.reads_actions else 0
        tokens = packed_length(lengths, actions, len(self.model.instruction))
        return epoch_batches(np.asarray(tokens), self.config.adapter.batch_tokens, self.config.seed, epoch)

    def draws(self) -> Iterator[Drawn]:
        """The rest of the epoch's batches, each drawn when it is asked for."""
        batches, first = self.epoch_plan(self.epoch), self.step_in_epoch
        for step in range(first, len(batches)):
            generator = np.random.default_rng([self.config.seed, self.epoch, step])
            rows = [self.data.rows.row(row) for row in self.data.fitted[batches[step]]]
            count = self.config.adapter.negatives
            actions = [
                draw_negatives(row, count, self.items, self.data.repeats, generator, self.taken) for row in rows
            ]
            yield Drawn(pack(rows, actions), generator)

    def step(self, drawn: Drawn, done: float, total: int) -> dict[str, torch.Tensor]:
        """One update; returns its losses, which a GPU may still be computing."""
        batch = drawn.batch.to(self.device)
        sampled = self.state_items(batch, drawn.generator)
        state, reward, leaf, touched = self.losses(batch, sampled, drawn.generator)
        self.optimizer.zero_grad(set_to_none=True)
        (state + self.config.adapter.reward_weight * reward).backward()
        torch.nn.utils.clip_grad_norm_(list(self.parameters.values()), 1.0)
        rate = self.rate(done, total)
        for group in self.optimizer.param_groups:
            group["lr"] = group["full_rate"] * rate
        self.optimizer.step()
        if leaf.grad is not None:
            self.token_optimizer.step(touched, leaf.grad, self.config.adapter.item_token_learning_rate * rate)
        self.tokens += drawn.batch.tokens + len(drawn.batch.lengths) * len(self.model.instruction)
        return {"stateLoss": state.detach(), "rewardLoss": reward.detach()}

    def losses(
        self, batch: PackedBatch, sampled: torch.Tensor, generator: np.random.Generator
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """State loss, reward loss, the item tokens they depend on [touched, dim], and whose they are [touched]."""
        touched = torch.unique(torch.cat([batch.items.flatten(), batch.actions.flatten(), sampled]))
        touched = touched[touched > 0]
        leaf = self.model.item_tokens[touched].requires_grad_(self.config.adapter.item_token_learning_rate > 0)
        place = torch.zeros(self.items + 1, dtype=torch.long, device=self.device)
        place[touched] = torch.arange(1, len(touched) + 1, device=self.device)
        table = torch.cat([self.model.item_tokens[:1], leaf])

        def embed(items: torch.Tensor) -> torch.Tensor:
            return table[place[items]]

        # Whatever a GPU would have to be waited for comes before the long passes.
        positions = batch.items.shape[1] - 1
        negatives = batch.actions.shape[1] // positions
        real = torch.arange(positions, device=self.device) < (batch.lengths - 1)[:, None]  # [batch, time - 1]
        row, position = real.nonzero(as_tuple=True)  # [positions]
        following = batch.items[row, position + 1]
        column = position[:, None] * negatives + torch.arange(negatives, device=self.device)  # [positions, negatives]
        heads = self.model.reward_heads.out_features
        seen = torch.from_numpy(generator.random((len(row), heads)) < BAGGING_SHARE).to(self.device, torch.float32)
        # Frozen layers below the lowest adapter take no part in the backward pass: their input gets no gradient, and item
        # tokens learn from what the states are compared with alone.
        is_cut = self.config.adapter.layers is not None
        hidden = self.model(batch, (lambda items: embed(items).detach()) if is_cut else embed)
        scored = self.model.score(batch, hidden, embed)
        similarity = self.model.similarity(scored.states[row, position], self.model.keys(sampled, embed), sampled)
        later, weights = self.state_targets(batch, row, position)
        targets = torch.searchsorted(sampled, later)  # [positions, targets]
        state = state_loss(similarity, targets, weights, self.correction(sampled, following))
        logged = scored.logged[row, position]  # [positions, heads]
        others = scored.actions[row[:, None], column]  # [positions, negatives, heads]
        return state, reward_loss(logged, others, seen, CENTRING), leaf, touched

    def state_targets(
        self, batch: PackedBatch, row: torch.Tensor, position: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The next action and `future_actions` after it, and their weights, both [positions, targets].

        The `d`-th action has weight `1 / d`, 0 beyond the end of the row; the weights of a position add up to 1.
        """
        ahead = torch.arange(1, 2 + self.config.adapter.future_actions, device=self.device)
        place = position[:, None] + ahead  # [positions, targets]
        exists = place < batch.lengths[row, None]
        later = batch.items[row[:, None], torch.where(exists, place, position[:, None] + 1)]
        weights = exists / ahead
        return later, weights / weights.sum(1, keepdim=True)

    def state_items(self, batch: PackedBatch, generator: np.random.Generator) -> torch.Tensor:
        """[sampled] ascending item indices that states are compared with: the batch's and uniform ones, or all."""
        count = self.config.adapter.state_negatives
        if count >= self.items:
            return torch.arange(1, self.items + 1, device=self.device)
        uniform = torch.from_numpy(generator.integers(1, self.items + 1, count)).to(self.device)
        return torch.unique(torch.cat([batch.items[:, 1:].flatten(), uniform, uniform[:1]])).clamp_min(1).unique()

    def correction(self, sampled: torch.Tensor, following: torch.Tensor) -> torch.Tensor | None:
        """[sampled] log of the expected number of draws of each item, None where all items are there."""
        if len(sampled) == self.items:
            return None
        share = self.model.popularity[1:].softmax(0)[sampled - 1]  # training frequency
        return torch.log(self.config.adapter.state_negatives / self.items + share * len(following))

    def rate(self, done: float, total: int) -> float:
        """Learning rate at a share of the fit, relative to the full one."""
        warm = min(1.0, (done * total + 1) / max(1.0, WARM_UP_SHARE * total))
        return warm * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done)))

    def evaluate(self) -> dict[str, float]:
        """Scores held-out users and keeps the weights when they are the best so far."""
        self.model.eval()
        scored = score_positions(
            self.model,
            self.data.rows,
            self.data.held_out,
            0 if self.taken is not None else HELD_OUT_NEGATIVES,
            self.data.repeats,
            self.config.adapter.batch_tokens,
            self.config.seed,
            HELD_OUT_NEGATIVES if self.taken is not None else 0,
        )
        margins = scored.logged_scores.mean(-1)[:, None] - scored.negative_scores.mean(-1)
        reward = float(np.logaddexp(0.0, -margins).mean())
        state = float(scored.state_losses.mean())
        loss = state + self.config.adapter.reward_weight * reward
        if loss < self.best_loss:
            self.best_loss, self.stale, self.best = loss, 0, self.weights()
        else:
            self.stale += 1
        values = {"heldOutLoss": loss, "heldOutPairAccuracy": float((margins > 0).mean())}
        self.history.append({"steps": self.steps, "tokens": self.tokens, **values})
        return values

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of everything that is trained."""
        trained = {name: value.detach().clone() for name, value in self.parameters.items()}
        return trained | {"item_tokens": self.model.item_tokens.clone()}

    def restore(self, weights: dict[str, torch.Tensor]) -> None:
        """Puts weights from `weights` back."""
        with torch.no_grad():
            for name, value in self.parameters.items():
                value.copy_(weights[name])
            self.model.item_tokens.copy_(weights["item_tokens"])

    def save(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {
            "progress": [self.epoch, self.step_in_epoch, self.steps, self.tokens, self.stale],
            "bestLoss": self.best_loss,
            "best": self.best,
            "weights": self.weights(),
            "optimizer": self.optimizer.state_dict(),
            "tokenOptimizer": self.token_optimizer.state(),
            "history": self.history,
        }

    def load(self, saved: dict[str, Any]) -> None:
        """Goes on where `save` was called."""
        self.epoch, self.step_in_epoch, self.steps, self.tokens, self.stale = saved["progress"]
        self.best_loss, self.best, self.history = saved["bestLoss"], saved["best"], saved["history"]
        self.restore(saved["weights"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.token_optimizer.load(saved["tokenOptimizer"])
