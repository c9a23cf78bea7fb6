"""Module: words. Items that come after the fit get a token by their text and change nothing for the others."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from conftest import ITEMS, WORDS, write_stream
from environment.artefact import read_environment, read_proposer
from environment.config import EnvironmentConfig
from environment.contract import Folders, read_hyperparameters
from environment.engine import CandidatePolicy, Engine, RowAnswer
from environment.errors import DataError
from environment.item_tokens import initial_tokens
from environment.neighbours import Neighbours
from environment.proposals import Proposer
from environment.train import read_input
from environment.words import ADDED, add_items, read_words

CPU = torch.device("cpu")


@pytest.fixture
def folder(fitted: Path, tmp_path: Path) -> Path:
    """A fitted environment of its own."""
    return shutil.copytree(fitted / "model", tmp_path / "model")


def add(folder: Path, part: int, titles: list[str]) -> None:
    """Items that came since."""
    columns = {
        "item_id": pa.array([f"new-{part}-{index}" for index in range(len(titles))]),
        "title": pa.array(titles),
        "fields": pa.array(["{}"] * len(titles)),
    }
    write_stream(folder / ADDED / f"part-{part:05d}.arrow", pa.table(columns))


def engine_of(folder: Path, proposes: bool) -> Engine:
    model, manifest = read_environment(folder, CPU)
    add_items(folder, model)
    proposer = None
    if proposes:
        neighbours = Neighbours(
            torch.zeros(ITEMS + 1, 2, dtype=torch.long),
            torch.zeros(ITEMS + 1, 2),
            torch.zeros(ITEMS + 1, 2, dtype=torch.long),
            torch.zeros(ITEMS + 1, 2),
            torch.ones(ITEMS + 1),
        )
        from environment.chances import FEATURES, ChanceModel

        proposer = Proposer(model, neighbours, ChanceModel(torch.arange(1, FEATURES + 1) / 10, -1.0))
    else:
        assert read_proposer(folder, model, manifest) is None or manifest.proposes
    return Engine(model, CandidatePolicy(manifest.similar_candidates, manifest.repeats, manifest.seed), proposer)


def same(one: RowAnswer, other: RowAnswer) -> bool:
    return all(np.array_equal(value, getattr(other, name)) for name, value in vars(one).items())


def test_a_token_by_text_alone_is_where_the_fit_would_have_started_it(fitted: Path, folder: Path):
    # Arrange
    job = read_input(Folders(fitted), read_hyperparameters(fitted))
    started = initial_tokens(job.base, job.sentences, job.start)
    # Act
    tokens = read_words(folder).tokens(job.catalogue)
    # Assess
    torch.testing.assert_close(tokens, started[1:], rtol=0, atol=0)


@pytest.mark.parametrize("proposes", [False, True])
def test_a_row_of_known_items_is_answered_as_before(folder: Path, proposes: bool):
    # Arrange
    rows, counts = [np.array([1, 2, 3, 4], np.int32), np.array([7, 9], np.int32)], [4, 3]
    before = engine_of(folder, proposes).answer(rows, counts)
    # Act
    add(folder, 0, [f"{word} river" for word in WORDS])
    after = engine_of(folder, proposes).answer(rows, counts)
    # Assess
    assert all(same(*pair) for pair in zip(before, after))


@pytest.mark.parametrize("proposes", [False, True])
def test_items_that_came_since_are_in_histories_and_are_judged_but_never_proposed(folder: Path, proposes: bool):
    # Arrange
    add(folder, 0, ["Old river", "Great night"])
    add(folder, 1, [""])
    first, second, untold = ITEMS + 1, ITEMS + 2, ITEMS + 3
    engine = engine_of(folder, proposes)
    # Act
    answer, other = engine.answer([np.array([1, first, 2, untold, 3], np.int32), np.array([1, second, 2, untold, 3], np.int32)], [5, 5])
    # Assess
    assert np.isfinite(answer.states.astype(float)).all() and np.isfinite(answer.rewards).all()
    assert answer.candidates.min() >= 1 and answer.candidates.max() <= ITEMS
    assert all(len(set(row)) == 5 for row in answer.candidates.tolist())
    assert answer.rewards[0] != other.rewards[0]  # the text tells them apart
    assert not np.array_equal(answer.states[1], other.states[1])


def test_a_missing_part_is_refused_since_it_would_shift_the_others(folder: Path):
    # Arrange
    add(folder, 1, ["Old river"])
    model, _ = read_environment(folder, CPU)
    # Act and assess
    with pytest.raises(DataError, match="part-00000.arrow is missing"):
        add_items(folder, model)


def test_words_without_which_items_cannot_be_added_are_missed(folder: Path):
    # Arrange
    add(folder, 0, ["Old river"])
    (folder / "words" / "words.json").unlink()
    model, _ = read_environment(folder, CPU)
    # Act and assess
    with pytest.raises(DataError, match="fit it again"):
        add_items(folder, model)


def test_the_template_is_the_fit_s(folder: Path):
    assert read_words(folder).template == EnvironmentConfig().item_tokens.template
