"""Module: calibration."""

import numpy as np
import pytest
import torch
from environment.calibration import Calibration, fit_calibration
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=60)
@given(
    gap=st.floats(0.1, 8.0),
    spread=st.floats(0.1, 3.0),
    shift=st.floats(-50, 50),
    factor=st.floats(0.01, 100),
    seed=st.integers(0, 9),
)
def test_logged_actions_average_1_and_negatives_0(gap, spread, shift, factor, seed):
    # Arrange
    generator = np.random.default_rng(seed)
    logged = (generator.normal(gap, spread, 600) + shift) * factor
    negatives = (generator.normal(0, spread, 1800) + shift) * factor

    # Act
    calibration = fit_calibration(logged, negatives)
    means = calibration.rewards(logged).mean(), calibration.rewards(negatives).mean()

    # Assess: distributions that are far enough apart meet both means; others are between, as far apart as [-1, 2] lets
    np.testing.assert_allclose(sum(means), 1, atol=2e-2)
    if gap > 1.6 * spread:
        np.testing.assert_allclose(means, (1, 0), atol=1e-2)
        assert calibration.width < 3
    assert -1e-6 <= means[1] < means[0] <= 1 + 1e-6


@settings(max_examples=30)
@given(gap=st.floats(0.5, 6.0), seed=st.integers(0, 9))
def test_unequal_scores_get_unequal_rewards_in_the_same_order(gap, seed):
    # Arrange
    generator = np.random.default_rng(seed)
    logged, negatives = generator.normal(gap, 1, 500), generator.normal(0, 1, 500)
    scores = np.linspace(-8, gap + 8, 300)

    # Act
    rewards = fit_calibration(logged, negatives).rewards(scores)

    # Assess
    assert (np.diff(rewards) > 0).all()
    assert rewards.min() >= -1 and rewards.max() <= 2


def test_the_reward_is_the_probability_of_a_logged_action():
    # Arrange: for normal distributions that differ in the mean alone, the log-odds are linear in the score
    generator = np.random.default_rng(5)
    logged, negatives = generator.normal(2, 1, 200_000), generator.normal(0, 1, 100_000)

    # Act
    calibration = fit_calibration(logged, negatives)

    # Assess: log-odds 2 x - 2
    np.testing.assert_allclose([calibration.slope, calibration.intercept], [2, -2], atol=0.05)


@pytest.mark.parametrize("gap", [-1.0, -0.1, 0.0])
def test_scores_that_tell_nothing_apart_get_a_half(gap):
    # Arrange
    generator = np.random.default_rng(2)
    logged, negatives = generator.normal(gap, 1, 2000), generator.normal(0, 1, 2000)

    # Act
    rewards = fit_calibration(logged, negatives).rewards(np.linspace(-3, 3, 50))

    # Assess
    np.testing.assert_allclose(rewards, 0.5, atol=0.15)


def test_constant_and_perfectly_separated_scores_do_not_break():
    constant = fit_calibration(np.zeros(3), np.zeros(9))
    separated = fit_calibration(np.full(3, 7.0), np.full(9, -2.0))
    np.testing.assert_allclose(constant.rewards(np.zeros(1)), 0.5)
    np.testing.assert_allclose(separated.rewards(np.array([7.0, -2.0])), [1, 0], atol=1e-6)


def test_tensors_and_arrays_get_the_same_rewards():
    scores = np.random.default_rng(0).normal(size=(3, 4))
    calibration = Calibration(1.5, -0.3, 2.0)
    np.testing.assert_allclose(calibration.of_tensors(torch.from_numpy(scores)).numpy(), calibration.rewards(scores))
