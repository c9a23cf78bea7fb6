"""Module: batching."""

import itertools

import numpy as np
from environment.batching import epoch_batches, packed_length, token_batches
from hypothesis import given
from hypothesis import strategies as st

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=40).map(np.array)


@given(tokens=LENGTHS, budget=st.integers(1, 200))
def test_every_row_is_in_one_batch_within_the_budget(tokens: np.ndarray, budget: int):
    # Act
    batches = token_batches(tokens, budget)

    # Assess
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(tokens)))
    for batch in batches:
        assert len(batch) == 1 or tokens[batch].max() * len(batch) <= budget


@given(tokens=LENGTHS, budget=st.integers(60, 200))
def test_no_batch_could_have_taken_the_next_row(tokens: np.ndarray, budget: int):
    # Act
    batches = token_batches(tokens, budget)

    # Assess: batches come shortest rows first
    for batch, following in itertools.pairwise(batches):
        assert tokens[batch].max() <= tokens[following].min()
        assert tokens[following[0]] * (len(batch) + 1) > budget


def test_an_epoch_is_the_same_again_and_another_epoch_is_not():
    # Arrange
    tokens = np.random.default_rng(0).integers(1, 50, 300)

    # Act
    first, again, second = (epoch_batches(tokens, 200, 1, epoch) for epoch in (0, 0, 1))

    # Assess
    assert [batch.tolist() for batch in first] == [batch.tolist() for batch in again]
    assert [batch.tolist() for batch in first] != [batch.tolist() for batch in second]
    assert sorted(np.concatenate(second).tolist()) == list(range(300))


def test_a_packed_row_holds_history_actions_and_instruction():
    assert packed_length(10, 4, 3) == 3 + 10 + 9 * 4
    assert packed_length(np.array([1, 2]), 4, 0).tolist() == [1, 6]
