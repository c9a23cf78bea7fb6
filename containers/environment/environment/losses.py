"""The losses of the state model and of the reward model."""

import torch
from torch.nn import functional


def state_loss(
    similarity: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor, correction: torch.Tensor | None = None
) -> torch.Tensor:
    """InfoNCE of each state against the items of the batch and uniform ones (van den Oord et al., arXiv 1807.03748).

    Args:
        similarity: [positions, items] similarity of each state to each sampled item, divided by the temperature.
        targets: [positions, targets] columns of each position's next actions.
        weights: [positions, targets] how much each of them counts.
        correction: [items] log of each item's expected number of draws, subtracted so that frequent in-batch
            items are not punished for being frequent (sampled softmax; Bengio & Senecal 2008). None where the
            items are the whole catalogue, which makes the loss the exact softmax.

    Returns:
        The mean over positions.
    """
    logits = similarity.float() if correction is None else similarity.float() - correction
    likelihoods = functional.log_softmax(logits, 1).gather(1, targets)  # [positions, targets]
    return -(weights * likelihoods).sum(1).mean()


def reward_loss(
    logged: torch.Tensor, negatives: torch.Tensor, weights: torch.Tensor, centring: float
) -> torch.Tensor:
    """Bradley-Terry loss of the logged action against each negative, with reward centring (arXiv 2312.09244).

    Args:
        logged: [positions, heads] scores of the logged next actions.
        negatives: [positions, negatives, heads] scores of actions that were not taken.
        weights: [positions, heads] how often each head of the ensemble sees each position (online bagging).
        centring: coefficient of the squared sum of a pair's scores, which keeps them around 0.

    Returns:
        The mean over positions, negatives and heads.
    """
    logged = logged.float()[:, None]  # [positions, 1, heads]
    negatives = negatives.float()
    pairs = -functional.logsigmoid(logged - negatives) + centring * (logged + negatives).square()
    weighted = pairs * weights[:, None]  # [positions, negatives, heads]
    return weighted.sum() / (weights.sum() * negatives.shape[1]).clamp_min(1.0)
