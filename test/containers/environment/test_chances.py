"""Modules: chances, proposals, action_metrics."""

from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ITEMS, random_model
from environment.action_metrics import action_metrics, effective_number
from environment.candidates import excluded_items
from environment.chances import FEATURES, ChanceModel, fit_chances
from environment.data import read_manifest, read_training_rows
from environment.engine import CandidatePolicy, Engine
from environment.neighbours import count_neighbours
from environment.proposals import Proposer, fit_proposer, outcomes


def test_the_regression_finds_the_chances_that_drew_the_labels():
    # Arrange
    generator = np.random.default_rng(0)
    values = generator.normal(size=(200_000, FEATURES)) * [1, 2, 0.5, 1, 3] + [0, 1, 0, 2, 0]
    slopes = np.array([0.8, -0.3, 1.5, 0.0, 0.2])
    chance = 1 / (1 + np.exp(-(values @ slopes - 2)))
    taken = (generator.random(len(values)) < chance).astype(float)

    # Act: of those not taken only a fifth is looked at, each for five
    looked = (taken == 1) | (generator.random(len(values)) < 0.2)
    model = fit_chances(values[looked], taken[looked], np.where(taken[looked] == 1, 1.0, 5.0))

    # Assess
    np.testing.assert_allclose(model.weights, slopes, atol=0.04)
    found = model.of(torch.from_numpy(values).float()).numpy()
    assert abs(found.mean() - taken.mean()) < 0.003
    for part in np.array_split(np.argsort(found), 10):
        assert abs(found[part].mean() - taken[part].mean()) < 0.012


def test_outcomes_are_what_comes_after_the_next_action():
    # Arrange
    items, position = torch.tensor([[3, 5, 2, 7, 2], [1, 4, 6, 0, 0]]), torch.tensor([1, 0])

    # Act
    later, is_open = outcomes(items, position, 7, repeats=False)

    # Assess: 3 and 5 are history, 2 comes next; 1 is history, 4 comes next
    assert later.nonzero().tolist() == [[0, 6], [1, 5]]
    assert is_open.tolist() == [
        [True, False, False, True, False, True, True],
        [False, True, True, False, True, True, True],
    ]
    assert outcomes(items, position, 7, repeats=True)[0][0].nonzero().flatten().tolist() == [6]


@pytest.fixture(scope="module")
def proposer(llama_model: Path, sequences: Path) -> Proposer:
    model = random_model(llama_model)
    rows = read_training_rows(sequences, read_manifest(sequences))
    neighbours = count_neighbours(rows, ITEMS, 1)
    return fit_proposer(model, neighbours, rows, np.flatnonzero(rows.lengths() > 2), False, 1)


def test_proposals_have_the_greatest_chance_and_are_nothing_the_user_has(proposer: Proposer):
    # Arrange
    items = torch.tensor([[3, 4, 5, 6]] * 3)
    position = torch.tensor([0, 1, 2])
    states = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    excluded = excluded_items(items, position, repeats=False)

    # Act
    found = proposer.propose(states, items, position, excluded, items[:, 1:].diagonal(), 5)

    # Assess
    for row, at in enumerate(position.tolist()):
        taken = items[row, : at + 2].tolist()
        assert not set(found.items[row].tolist()) & set(taken)
        assert found.popular[row].item() not in taken
        order = (-found.chances[row]).argsort(stable=True)[:5] + 1
        assert found.items[row].tolist() == order.tolist()
    assert (found.chances >= 0).all() and (found.chances <= 1).all()


def test_a_chance_that_does_not_beat_the_most_popular_item_is_answered_as_0(proposer: Proposer):
    # Arrange
    row = np.array([3, 4, 5, 6, 7], np.int32)
    engine = Engine(proposer.model, CandidatePolicy(3, False, 1), proposer)

    # Act
    (answer,) = engine.answer([row], [5])

    # Assess
    items = torch.from_numpy(row.astype(np.int64)).repeat(4, 1)
    position = torch.arange(4)
    with torch.inference_mode():
        history, _ = proposer.model.read_history(__import__("environment.layout", fromlist=["pack"]).pack([row]))
        states = proposer.model.states(history.history)[0, :4]
    excluded = excluded_items(items, position, repeats=False)
    found = proposer.propose(states, items, position, excluded, items[:, 1:].diagonal(), 3)
    for at in range(4):
        for item, chance in zip(answer.candidates[at], answer.candidate_chances[at], strict=True):
            expected = found.chances[at, item - 1]
            assert chance == pytest.approx(float(expected) if expected > found.bar[at] else 0.0, abs=1e-6)
    assert answer.candidates[:, :3].tolist() == found.items.tolist()


def test_augmentation_that_is_right_no_more_often_than_popularity_is_refused(proposer: Proposer, sequences: Path):
    # Arrange: one proposes by neighbours, in a world that walks around a ring; the other what neighbours speak against
    rows = read_training_rows(sequences, read_manifest(sequences))
    chosen = np.flatnonzero(rows.lengths() > 2)
    good = Proposer(proposer.model, proposer.neighbours, ChanceModel(torch.tensor([0.0, 0, 1, 1, 0]), -3.0))
    bad = Proposer(proposer.model, proposer.neighbours, ChanceModel(torch.tensor([0.0, 0, -1, -1, 0]), -3.0))

    # Act
    accepted, refused = (action_metrics(one, rows, chosen, False) for one in (good, bad))

    # Assess
    assert accepted["refused"] is None and accepted["precision"] > accepted["popularPrecision"]
    assert "are right, of the most popular items" in refused["refused"]
    assert 0 < accepted["kept"] <= accepted["positions"]


def test_the_effective_number_counts_what_is_used_alike():
    assert effective_number(np.array([4, 4, 7, 7])) == pytest.approx(2)
    assert effective_number(np.array([], np.int64)) == 0
