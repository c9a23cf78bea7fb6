"""Module: losses, against NumPy and numerical gradients."""

import numpy as np
import torch
from environment.losses import reward_loss, state_loss


def test_state_loss_is_the_softmax_cross_entropy():
    # Arrange
    generator = np.random.default_rng(0)
    similarity, correction = generator.normal(size=(5, 7)), generator.normal(size=7)
    targets = np.array([[0, 2], [6, 6], [3, 1], [3, 0], [1, 5]])
    weights = np.array([[1, 0], [0.5, 0.5], [0.25, 0.75], [1, 0], [0.6, 0.4]])
    given = [torch.from_numpy(value) for value in (similarity, targets, weights)]

    # Act
    plain = state_loss(*given)
    corrected = state_loss(*given, torch.from_numpy(correction))

    # Assess
    for loss, logits in ((plain, similarity), (corrected, similarity - correction)):
        likelihoods = logits[np.arange(5)[:, None], targets] - np.log(np.exp(logits).sum(1, keepdims=True))
        np.testing.assert_allclose(float(loss), -(weights * likelihoods).sum(1).mean(), rtol=1e-5)


def test_the_correction_makes_sampled_softmax_unbiased_in_its_optimum():
    # Arrange: items 0..3 are sampled with these expected counts; the logits are the true log-probabilities
    probability = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)
    expected_counts = torch.tensor([4.0, 2.5, 1.0, 0.5], dtype=torch.float64)
    logits = (probability.log() + expected_counts.log())[None].requires_grad_()

    # Act: the mean over targets drawn from `probability`
    losses = torch.stack([state_loss(logits, torch.tensor([[target]]), torch.ones(1, 1), expected_counts.log()) for target in range(4)])
    (losses * probability).sum().backward()

    # Assess
    torch.testing.assert_close(logits.grad, torch.zeros_like(logits), atol=1e-6, rtol=0)


def test_reward_loss_is_bradley_terry_with_centring_and_bagging():
    # Arrange
    generator = np.random.default_rng(1)
    logged, negatives = generator.normal(size=(4, 2)), generator.normal(size=(4, 3, 2))
    weights = np.array([[1, 0], [1, 1], [0, 0], [1, 1]], float)

    # Act
    loss = reward_loss(*map(torch.from_numpy, (logged, negatives, weights)), centring=0.1)

    # Assess
    margin, total = logged[:, None] - negatives, logged[:, None] + negatives
    pairs = np.log1p(np.exp(-margin)) + 0.1 * total**2
    np.testing.assert_allclose(float(loss), (pairs * weights[:, None]).sum() / (weights.sum() * 3), rtol=1e-5)


def test_a_head_learns_nothing_from_positions_that_it_does_not_see():
    # Arrange
    logged = torch.zeros(2, 2, requires_grad=True)
    weights = torch.tensor([[1.0, 0.0], [1.0, 1.0]])

    # Act
    reward_loss(logged, torch.ones(2, 3, 2), weights, 0.0).backward()

    # Assess
    assert (logged.grad != 0).tolist() == [[True, False], [True, True]]


def test_gradients_of_the_reward_loss_are_right():
    # Arrange: the loss computes in float32, so differences are taken with wide steps
    torch.manual_seed(0)
    logged, negatives = torch.randn(3, 2, dtype=torch.float64), torch.randn(3, 2, 2, dtype=torch.float64)
    weights = torch.ones(3, 2)
    logged.requires_grad_()
    reward_loss(logged, negatives, weights, 0.05).backward()

    # Act
    numerical = torch.zeros_like(logged)
    for index in np.ndindex(3, 2):
        step = torch.zeros(3, 2, dtype=torch.float64)
        step[index] = 1e-2
        up, down = (reward_loss(logged.detach() + sign * step, negatives, weights, 0.05) for sign in (1, -1))
        numerical[index] = (up - down) / 2e-2

    # Assess
    torch.testing.assert_close(logged.grad, numerical, atol=1e-4, rtol=1e-3)
