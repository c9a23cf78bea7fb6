"""Proposes actions worth copying: every item's chance to be taken later, from several sources at once."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from .batching import token_batches
from .candidates import SCORES_AT_ONCE, excluded_items
from .chances import FEATURES, ChanceModel, features, fit_chances
from .data import TrainingRows
from .layout import pack
from .model import EnvironmentModel
from .neighbours import Neighbours

SAMPLED = 20
"""Items not taken, per position, that tell which items are proposed at all."""
NEAREST = 50
"""Of those, per position, the most likely ones, on which the chances are calibrated: the rest of the catalogue is easy."""
AHEAD = 1.2
"""An action is worth copying if its chance is so many times that of the most popular item."""


@dataclass(frozen=True)
class Proposed:
    """What is proposed after each position."""

    items: torch.Tensor
    """[positions, count] int64: those with the greatest chance, greatest first, then the lower index."""
    chances: torch.Tensor
    """[positions, items]: of every item; 0 where it is excluded."""
    popular: torch.Tensor
    """[positions] int64: the most frequent item that is not excluded."""
    popular_chances: torch.Tensor
    """[positions]: its chance."""

    @property
    def bar(self) -> torch.Tensor:
        """[positions]: the chance above which an action is worth copying."""
        return AHEAD * self.popular_chances


class Proposer:
    """Scores the whole catalogue in every state, without reading an item.

    Args:
        model: fitted, on its device.
        neighbours: counted in the same sequences.
        chances: None as long as they are not fitted.
    """

    def __init__(self, model: EnvironmentModel, neighbours: Neighbours, chances: ChanceModel | None) -> None:
        self.model = model
        self.neighbours = neighbours.to(model.item_tokens.device)
        self.chances = chances
        self.items = model.fitted_items
        self.keys = model.keys(torch.arange(1, self.items + 1, device=model.item_tokens.device))
        share = self.neighbours.counts[1:, None] / self.neighbours.counts[1:].sum()
        self.mean = (share * self.keys).sum(0)
        apart = self.keys - self.mean
        self.covariance = apart.T @ (share * apart)

    def tensors(self) -> dict[str, torch.Tensor]:
        """What `from_tensors` reads back."""
        if self.chances is None:
            raise TypeError("The chances are not fitted yet.")
        fitted = {"weights": self.chances.weights, "intercept": torch.tensor([self.chances.intercept], dtype=torch.float64)}
        return {name: value.cpu().contiguous() for name, value in (vars(self.neighbours) | fitted).items()}

    @classmethod
    def from_tensors(cls, model: EnvironmentModel, tensors: dict[str, torch.Tensor]) -> "Proposer":
        """The proposer that `tensors` was called on."""
        rest = dict(tensors)
        chances = ChanceModel(rest.pop("weights"), float(rest.pop("intercept")))
        return cls(model, Neighbours(**rest), chances)

    @property
    def step(self) -> int:
        """Positions whose catalogue is scored at a time."""
        return max(1, SCORES_AT_ONCE[self.keys.device.type] // (self.items * FEATURES))

    def known(self, states: torch.Tensor, items: torch.Tensor, position: torch.Tensor) -> torch.Tensor:
        """[positions, items, FEATURES] of every item after each position.

        Args:
            states: [positions, state_dimension].
            items: [positions, time] the row of each position.
            position: [positions] where in its row each is.
        """
        seen = states * self.model.reward_subspaces.mean(0)
        spread = ((seen @ self.covariance) * seen).sum(1).clamp_min(1e-12).sqrt()[:, None]
        preference = (seen @ self.keys.T - (seen @ self.mean)[:, None]) / spread  # [positions, items]
        together, after = self.neighbours.scores(items, position)
        return features(preference, self.model.popularity[1 : self.items + 1], together[:, 1:], after[:, 1:], position + 1)

    def propose(
        self,
        states: torch.Tensor,
        items: torch.Tensor,
        position: torch.Tensor,
        excluded: torch.Tensor,
        following: torch.Tensor,
        count: int,
    ) -> Proposed:
        """The items with the greatest chance after each position.

        Args:
            excluded: [positions, any] item indices that are proposed only when nothing else is left, 0 for none.
            following: [positions] the logged next item, never proposed.
            count: items to propose.
        """
        if self.chances is None:
            raise TypeError("The chances are not fitted yet.")
        chances = self.chances.of(self.known(states, items, position))
        padded = torch.nn.functional.pad(chances, (1, 0)).scatter_(1, excluded, 0.0).scatter_(1, following[:, None], -1.0)
        chances = padded[:, 1:]
        is_open = torch.ones(len(states), self.items + 1, dtype=torch.bool, device=states.device)
        popular = most_popular(self.model, is_open.scatter_(1, excluded, False)[:, 1:])
        top = chances.topk(count, dim=1).indices
        return Proposed(top + 1, chances.clamp_min(0), popular + 1, chances.gather(1, popular[:, None])[:, 0])


@torch.inference_mode()
def fit_proposer(
    model: EnvironmentModel, neighbours: Neighbours, rows: TrainingRows, chosen: np.ndarray, repeats: bool, seed: int
) -> Proposer:
    """Fits the chances on rows of users that the model was not fitted on.

    A first regression, on what was taken and a sample of what was not, says which items are likely at all. The chances are
    those of a second one, on the likely items and the most popular one alone: among them actions are chosen, and there the
    sample has next to nothing.

    Args:
        chosen: row numbers.
        repeats: whether items of the history may be taken again.
        seed: of the items not taken that are looked at.
    """
    proposer = Proposer(model, neighbours, None)
    generator = np.random.default_rng(seed)
    first = Examples()
    for states, items, position, _ in states_of(model, rows, chosen, proposer.step):
        known = proposer.known(states, items, position)  # [positions, items, FEATURES]
        is_later, is_open = outcomes(items, position, proposer.items, repeats)
        later = is_later.nonzero(as_tuple=True)
        drawn = torch.from_numpy(generator.integers(0, proposer.items, (len(states), SAMPLED))).to(states.device)
        row, column = (is_open & ~is_later).gather(1, drawn).nonzero(as_tuple=True)
        first.add(known[later], torch.ones(len(later[0])), 1.0)
        first.add(known[row, drawn[row, column]], torch.zeros(len(row)), proposer.items / SAMPLED)
    likely = first.fit(model.item_tokens.device)
    second = Examples()
    for states, items, position, _ in states_of(model, rows, chosen, proposer.step):
        known = proposer.known(states, items, position)
        is_later, is_open = outcomes(items, position, proposer.items, repeats)
        chances = likely.of(known).masked_fill(~is_open, -1.0)
        nearest = chances.topk(min(NEAREST, proposer.items), dim=1).indices  # [positions, NEAREST]
        popular = most_popular(model, is_open)[:, None]
        shown = torch.cat([nearest, popular], 1)
        row, column = is_open.gather(1, shown).nonzero(as_tuple=True)
        place = shown[row, column]
        second.add(known[row, place], is_later[row, place].float(), 1.0)
    return Proposer(model, neighbours, second.fit(model.item_tokens.device))


class Examples:
    """Items that were taken later or not, gathered a part at a time."""

    def __init__(self) -> None:
        self.values: list[np.ndarray] = []
        self.taken: list[np.ndarray] = []
        self.weights: list[np.ndarray] = []

    def add(self, values: torch.Tensor, taken: torch.Tensor, weight: float) -> None:
        """[n, FEATURES] of items, [n] whether each was taken, and how many each stands for."""
        self.values.append(values.cpu().numpy())
        self.taken.append(taken.cpu().numpy())
        self.weights.append(np.full(len(values), weight))

    def fit(self, device: torch.device) -> ChanceModel:
        """The chances that say it best."""
        fitted = fit_chances(*(np.concatenate(part) for part in (self.values, self.taken, self.weights)))
        return ChanceModel(fitted.weights.to(device), fitted.intercept)


def most_popular(model: EnvironmentModel, is_open: torch.Tensor) -> torch.Tensor:
    """[positions] column of the most frequent item of those that are open, [positions, items] bool."""
    return model.popularity[1 : model.fitted_items + 1].expand(is_open.shape).masked_fill(~is_open, float("-inf")).argmax(1)


def outcomes(items: torch.Tensor, position: torch.Tensor, count: int, repeats: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Which items are taken later than the next action, and which may be proposed at all, both [positions, count] bool."""
    columns = torch.arange(items.shape[1], device=items.device)
    excluded = excluded_items(items, position, repeats)
    is_open = torch.ones(len(items), count + 1, dtype=torch.bool, device=items.device).scatter_(1, excluded, False)
    later = torch.where(columns > position[:, None] + 1, items, 0)
    is_later = torch.zeros_like(is_open).scatter_(1, later, True)
    return (is_later & is_open)[:, 1:], is_open[:, 1:]


def states_of(
    model: EnvironmentModel, rows: TrainingRows, chosen: np.ndarray, step: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor, np.ndarray]]:
    """Positions of rows that have a later action than the next, a part at a time.

    Yields:
        states [positions, state_dimension], items [positions, time], position [positions], number of the row [positions].
    """
    device = model.item_tokens.device
    for group in token_batches(rows.lengths()[chosen], 4096):
        batch = pack([rows.row(row) for row in chosen[group]]).to(device)
        history, _ = model.read_history(batch)
        states = model.states(history.history)
        columns = torch.arange(batch.items.shape[1], device=device)
        row, position = (columns < (batch.lengths - 2)[:, None]).nonzero(as_tuple=True)
        for start in range(0, len(row), step):
            part = slice(start, start + step)
            number = chosen[group][row[part].cpu().numpy()]
            yield states[row[part], position[part]], batch.items[row[part]], position[part], number
