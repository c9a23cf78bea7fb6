"""Module: calibration."""

import numpy as np
from environment.calibration import clipped, fit_calibration
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(max_examples=60)
@given(
    gap=st.floats(0.3, 6.0),
    spread=st.floats(0.1, 3.0),
    shift=st.floats(-50, 50),
    factor=st.floats(0.01, 100),
    seed=st.integers(0, 9),
)
def test_logged_actions_average_1_and_negatives_0_after_clipping(gap, spread, shift, factor, seed):
    # Arrange
    generator = np.random.default_rng(seed)
    logged = (generator.normal(gap, spread, 600) + shift) * factor
    negatives = (generator.normal(0, spread, 1800) + shift) * factor

    # Act
    scale, offset = fit_calibration(logged, negatives)

    # Assess: far apart distributions meet both means; overlapping ones are as near as clipping allows
    assert scale > 0
    means = clipped(logged, scale, offset).mean(), clipped(negatives, scale, offset).mean()
    if gap > spread:
        np.testing.assert_allclose(means, (1, 0), atol=1e-3)
    assert means[0] > means[1]


def test_order_is_kept_and_rewards_are_clipped():
    # Arrange
    scores = np.sort(np.random.default_rng(0).normal(size=500))

    # Act
    scale, offset = fit_calibration(scores[250:], scores[:250])
    rewards = clipped(scores, scale, offset)

    # Assess
    assert (np.diff(rewards) >= 0).all()
    assert rewards.min() >= -1 and rewards.max() <= 2


def test_scores_that_tell_nothing_apart_get_rewards_around_a_half():
    # Arrange
    generator = np.random.default_rng(2)
    logged, negatives = generator.normal(-0.1, 1, 2000), generator.normal(0, 1, 2000)

    # Act
    scale, offset = fit_calibration(logged, negatives)
    rewards = clipped(np.concatenate([logged, negatives]), scale, offset)

    # Assess
    assert scale > 0
    np.testing.assert_allclose(rewards.mean(), 0.5, atol=0.02)


def test_constant_scores_do_not_break():
    scale, offset = fit_calibration(np.zeros(3), np.zeros(9))
    assert np.isfinite([scale, offset]).all()
    np.testing.assert_allclose(clipped(np.zeros(1), scale, offset), 0.5)
