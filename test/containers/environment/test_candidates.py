"""Modules: candidates, negatives."""

import numpy as np
import torch
from environment.candidates import excluded_items, prefix_hashes, similar_items, uniform_items
from environment.negatives import draw_negatives
from hypothesis import given
from hypothesis import strategies as st


@given(
    row=st.lists(st.integers(1, 12), min_size=2, max_size=9).map(np.array),
    items=st.integers(12, 40),
    count=st.integers(1, 11),
    similar=st.integers(0, 11),
    repeats=st.booleans(),
    seed=st.integers(0, 5),
)
def test_candidates_are_distinct_never_the_next_item_and_new_where_possible(row, items, count, similar, repeats, seed):
    # Arrange
    similar = min(similar, count)
    positions = torch.arange(len(row) - 1)
    rows = torch.from_numpy(row).expand(len(positions), -1)
    similarity = torch.from_numpy(np.random.default_rng(seed).normal(size=(len(positions), items)).astype(np.float32))

    # Act
    excluded = excluded_items(rows, positions, repeats)
    following = torch.from_numpy(row[1:])
    top = similar_items(similarity, excluded, following, similar)
    rest = uniform_items(prefix_hashes(rows[:1], seed)[0, :-1], top, excluded, following, count - similar, items)
    chosen = torch.cat([top, rest], 1).numpy()

    # Assess
    assert chosen.shape == (len(positions), count)
    assert chosen.min() >= 1 and chosen.max() <= items
    for position, candidates in enumerate(chosen):
        assert len(set(candidates)) == count
        assert row[position + 1] not in candidates
        barred = {row[position + 1]} if repeats else set(row[: position + 2])
        assert len(set(candidates) & barred) == max(0, count - (items - len(barred)))


def test_the_most_similar_items_come_first():
    # Arrange: similarity grows with the index, item 9 is logged next, 8 is in the history
    similarity = torch.arange(10, dtype=torch.float32)[None]

    # Act
    top = similar_items(similarity, torch.tensor([[8, 0, 9]]), torch.tensor([9]), 3)

    # Assess
    assert top.tolist() == [[10, 7, 6]]


def test_uniform_candidates_are_uniform():
    # Arrange: 20,000 different prefixes over 10 items
    rows = torch.from_numpy(np.random.default_rng(1).integers(1, 11, (20_000, 12)))
    hashes = prefix_hashes(rows, 0)[:, -1]
    nothing = rows[:, :0]

    # Act
    drawn = uniform_items(hashes, nothing, nothing, torch.full((len(rows),), 10), 1, 10)

    # Assess: 9 items at 1/9 each; 5 standard deviations of a share
    shares = np.bincount(drawn[:, 0], minlength=11)[1:] / len(rows)
    assert shares[9] == 0
    assert np.abs(shares[:9] - 1 / 9).max() < 5 * np.sqrt((1 / 9) * (8 / 9) / len(rows))


def test_draws_depend_on_the_prefix_alone():
    # Arrange
    row = torch.tensor([[4, 2, 7, 1]])

    # Act
    hashes = prefix_hashes(row, 3)
    padded = prefix_hashes(torch.tensor([[4, 2, 7, 1, 0, 0], [1, 1, 1, 1, 1, 1]]), 3)

    # Assess
    assert padded[0, :4].tolist() == hashes[0].tolist()
    different = torch.cat([hashes[0], prefix_hashes(row.flip(1), 3)[0], prefix_hashes(row, 4)[0]])
    assert len(different.unique()) == 12


@given(prefix=st.lists(st.integers(1, 1 << 30), min_size=1, max_size=6), seed=st.integers(0, 1 << 40), items=st.integers(20, 1 << 31))
def test_hashes_and_draws_are_splitmix_of_unsigned_integers(prefix, seed, items):
    # Arrange: the same in Python's integers
    def mix(value):
        value = (value + 0x9E3779B97F4A7C15) % 2**64
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
        return value ^ (value >> 31)

    expected = mix(seed)
    for item in prefix:
        expected = mix(expected ^ (item * 0x9E3779B97F4A7C15 % 2**64))
    first = mix((expected + 0xD1B54A32D192ED03) % 2**64) % items + 1

    # Act
    hashes = prefix_hashes(torch.tensor([prefix]), seed)[:, -1]
    nothing = torch.zeros(1, 0, dtype=torch.long)
    drawn = uniform_items(hashes, nothing, nothing, torch.zeros(1, dtype=torch.long), 1, items)

    # Assess
    assert hashes.item() % 2**64 == expected
    assert drawn.item() == first


@given(
    row=st.lists(st.integers(1, 9), min_size=2, max_size=9).map(np.array),
    items=st.integers(9, 60),
    repeats=st.booleans(),
    seed=st.integers(0, 9),
)
def test_negatives_are_never_the_next_item(row, items, repeats, seed):
    # Act
    drawn = draw_negatives(row, 5, items, repeats, np.random.default_rng(seed))

    # Assess
    assert drawn.shape == (len(row) - 1, 5)
    assert drawn.min() >= 1 and drawn.max() <= items
    assert not (drawn == row[1:, None]).any()


def test_negatives_avoid_the_row_unless_items_repeat():
    # Arrange
    row = np.arange(1, 11)

    # Act
    new = draw_negatives(row, 200, 40, False, np.random.default_rng(0))
    any_item = draw_negatives(row, 200, 40, True, np.random.default_rng(0))

    # Assess
    assert np.isin(new, row).mean() < 0.001
    assert np.isin(any_item, row).mean() > 0.1
