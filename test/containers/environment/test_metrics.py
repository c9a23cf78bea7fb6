"""Module: metrics, against hand fractions."""

import numpy as np
from environment.calibration import Calibration
from environment.metrics import calibration_bins, held_out_metrics, pair_accuracy, spread_against_error
from environment.scoring import ScoredPositions


def scored_positions() -> ScoredPositions:
    """Four positions over five items, two negatives each, two heads."""
    logged = np.array([[1.0, 1.0], [0.0, 0.0], [2.0, 0.0], [0.5, 0.5]])
    negatives = np.array([[[0.0, 0.0], [2.0, 2.0]], [[0.0, 0.0], [-1.0, -1.0]], [[0.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, 1.0]]])
    return ScoredPositions(
        users=np.array([0, 0, 1, 1]),
        targets=np.array([1, 2, 5, 1]),
        lengths=np.array([1, 2, 3, 60]),
        negatives=np.array([[2, 3], [1, 3], [1, 4], [2, 5]]),
        logged_scores=logged,
        negative_scores=negatives,
        state_losses=np.zeros(4),
        ranks=np.array([0, 9, 10, 49]),
        popularity_ranks=np.array([0, 1, 60, 0]),
    )


def test_pair_accuracy_counts_ties_half():
    accuracy = pair_accuracy(np.array([1.0, 0.0]), np.array([[0.0, 2.0], [0.0, -1.0]]))
    assert accuracy.tolist() == [0.5, 0.75]


def test_metrics_are_hand_fractions():
    # Arrange
    counts = np.array([10, 8, 6, 4, 0])

    # Act
    metrics = held_out_metrics(scored_positions(), 1, counts, np.array([1, 2, 3]), Calibration())

    # Assess: by position the first negatives, which are uniform, give 1, 1/2, 1, 0, the second ones 0, 1, 1, 0
    assert metrics["pairAccuracy"] == (1 + 0.5 + 1 + 0) / 4
    assert metrics["pairAccuracyPopular"] == (0 + 1 + 1 + 0) / 4
    # Means by user are 3/4 and 1/2, and twice 1/2
    np.testing.assert_allclose(metrics["pairAccuracyError"], np.sqrt(2 * (2 * 0.125**2) * 2**2) / 4)
    assert metrics["pairAccuracyPopularError"] == 0
    # Known of the logged actions without themselves: 9, 7, -1 and 9 actions
    assert metrics["popularityPairAccuracy"] == (1 + 0 + 0 + 1) / 4
    assert metrics["popularityPairAccuracyPopular"] == (1 + 1 + 0 + 1) / 4
    assert (metrics["recallAt10"], metrics["recallAt50"]) == (0.5, 1.0)
    assert (metrics["popularityRecallAt10"], metrics["popularityRecallAt50"]) == (0.75, 0.75)
    assert metrics["coldItems"] == {"positions": 1, "pairAccuracy": 1.0, "recallAt10": 0.0}
    assert [(row["from"], row["to"], row["positions"], row["pairAccuracy"]) for row in metrics["pairAccuracyByHistoryLength"]] == [
        (1, 2, 2, 0.5),
        (3, 5, 1, 1.0),
        (51, 999, 1, 0.0),
    ]
    assert [(row["fifth"], row["positions"]) for row in metrics["pairAccuracyByPopularity"]] == [(1, 2), (2, 1), (5, 1)]
    sigmoid = 1 / (1 + np.exp(-np.array([1, 0, 1, 0.5])))
    np.testing.assert_allclose(metrics["meanRewardLogged"], sigmoid.mean())


def test_bins_hold_all_actions_and_weigh_logged_ones_like_their_negatives():
    # Arrange: logged actions all score 1, negatives all 0
    logged, negatives = np.ones(6), np.zeros((6, 3))

    # Act
    bins = calibration_bins(logged, negatives, Calibration(slope=2.0, intercept=-1.0), bins=4)

    # Assess
    assert sum(row["actions"] for row in bins) == 24
    assert [row["loggedShare"] for row in bins] == [0.0, 0.0, 0.0, 1.0]
    low, high = 1 / (1 + np.exp([1.0, -1.0]))
    np.testing.assert_allclose([row["reward"] for row in bins], [low, low, low, high])


def test_a_wide_spread_is_set_beside_its_error_rate():
    # Act
    bins = spread_against_error(scored_positions(), Calibration(), bins=2)

    # Assess: six margins agree over the heads (spread 0), those of position 3 do not and are right
    half, one, two = 1 / (1 + np.exp(-np.array([0.0, 1.0, 2.0])))
    assert [row["pairs"] for row in bins] == [4, 4]
    np.testing.assert_allclose([row["spread"] for row in bins], [0, ((two - half) / 2 + (two - half + one - half) / 2) / 4])
    assert sum(row["errorRate"] * row["pairs"] for row in bins) == 4
