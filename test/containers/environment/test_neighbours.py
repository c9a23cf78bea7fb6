"""Module: neighbours, against counts by hand and against counting without the row."""

import numpy as np
import torch
from environment.data import TrainingRows
from environment.neighbours import DISTANCE, count_neighbours


def rows_of(*sequences: list[int]) -> TrainingRows:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in sequences])])
    users = [str(row) for row in range(len(sequences))]
    return TrainingRows(np.arange(len(sequences)), users, np.concatenate(sequences).astype(np.int32), offsets)


def naive(rows: TrainingRows, history: list[int], items: int, left_out: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Scores by definition, pairs of the row `left_out` not counted; `n` counts all rows."""
    counts = np.maximum(np.bincount(rows.items, minlength=items + 1), 1)
    together, after = np.zeros(items + 1), np.zeros(items + 1)
    for number in range(len(rows)):
        row = rows.row(number)
        for i, first in enumerate(row):
            for j in range(i + 1, min(len(row), i + DISTANCE + 1)):
                second = row[j]
                if number == left_out or first == second:
                    continue
                for item in history[-DISTANCE:]:
                    together[second] += (item == first) / np.sqrt(counts[first] * counts[second])
                    together[first] += (item == second) / np.sqrt(counts[first] * counts[second])
                    after[second] += (item == first) / (j - i) / counts[first]
    return together, after


def test_scores_are_sums_over_the_pairs_of_all_rows():
    # Arrange
    rows = rows_of([1, 2, 3], [2, 1], [3, 2, 4], [5])
    neighbours = count_neighbours(rows, 5, 1)

    # Act: a history that is none of the rows
    together, after = neighbours.scores(torch.tensor([[3, 1, 0]]), torch.tensor([1]))

    # Assess
    expected = naive(rows, [3, 1], 5, None)
    np.testing.assert_allclose(together[0, 1:], expected[0][1:], rtol=1e-6)
    np.testing.assert_allclose(after[0, 1:], expected[1][1:], rtol=1e-6)


def test_what_follows_in_a_row_does_not_propose_itself():
    # Arrange
    generator = np.random.default_rng(0)
    rows = rows_of(*(generator.permutation(np.arange(1, 15))[: generator.integers(2, 14)].tolist() for _ in range(40)))
    neighbours = count_neighbours(rows, 14, 1)

    for number in range(40):
        row = rows.row(number).astype(np.int64)
        for position in range(len(row) - 1):
            # Act
            together, after = neighbours.scores(torch.from_numpy(row)[None], torch.tensor([position]))

            # Assess: items that follow score as if their row had not been counted
            expected = naive(rows, row[: position + 1].tolist(), 14, number)
            for item in row[position + 1 :]:
                np.testing.assert_allclose(together[0, item], expected[0][item], atol=1e-5)
                np.testing.assert_allclose(after[0, item], expected[1][item], atol=1e-5)


def test_an_item_keeps_its_heaviest_neighbours():
    # Arrange: item 1 meets item 2 twice, every other item once
    others = list(range(3, 100))
    rows = rows_of([1, 2], [1, 2], *([1, item] for item in others))

    # Act
    neighbours = count_neighbours(rows, 100, 1)

    # Assess
    assert neighbours.after[1, 0] == 2
    assert neighbours.after[1].tolist() == [2, *others[:49]]
