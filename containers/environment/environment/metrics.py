"""What `metrics.json` says about a fitted environment, computed on users that it was not fitted on."""

import itertools
from typing import Any

import numpy as np

from .calibration import Calibration
from .scoring import ScoredPositions

LENGTH_EDGES = (1, 3, 6, 11, 21, 51, 1000)
"""Histories of 1-2, 3-5, 6-10, 11-20, 21-50 and more items."""


def pair_accuracy(logged: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """[positions] share of a position's negatives that score below its logged action; a tie counts half.

    Args:
        logged: [positions].
        negatives: [positions, negatives].
    """
    return ((logged[:, None] > negatives) + 0.5 * (logged[:, None] == negatives)).mean(1)


def standard_error(values: np.ndarray, users: np.ndarray) -> float:
    """Of the mean of `values` when whole users are drawn: positions of one user are not independent.

    Args:
        values: [positions].
        users: [positions] whose they are.
    """
    if len(values) == 0:
        return 0.0
    _, number = np.unique(users, return_inverse=True)
    sums = np.bincount(number, values - values.mean())  # [users]
    count = len(sums)
    return float(np.sqrt((sums**2).sum() * count / max(1, count - 1)) / len(values))


def held_out_metrics(
    scored: ScoredPositions, uniform: int, counts: np.ndarray, fitted_items: np.ndarray, calibration: Calibration
) -> dict[str, Any]:
    """The part of `metrics.json` that is measured on held-out users.

    Args:
        scored: positions of held-out users.
        uniform: how many of a position's negatives are uniform; the others are drawn by popularity.
        counts: [items] occurrences in the training sequences.
        fitted_items: the items that occur in the sequences the adapter was fitted on.
        calibration: of the rewards.
    """
    logged, negatives = scored.logged_scores.mean(-1), scored.negative_scores.mean(-1)
    # The logged action is one of those counted; without it, it is what popularity knew of it.
    known = counts[scored.targets - 1] - 1
    frequency = counts[scored.negatives - 1]
    accuracy = pair_accuracy(logged, negatives[:, :uniform])
    popularity = pair_accuracy(known, frequency[:, :uniform])
    popular = pair_accuracy(logged, negatives[:, uniform:])
    popular_by_count = pair_accuracy(known, frequency[:, uniform:])
    return {
        "heldOutPositions": len(accuracy),
        "pairAccuracy": _mean(accuracy),
        "pairAccuracyError": standard_error(accuracy, scored.users),
        "popularityPairAccuracy": _mean(popularity),
        "pairAccuracyPopular": _mean(popular),
        "pairAccuracyPopularError": standard_error(popular, scored.users),
        "popularityPairAccuracyPopular": _mean(popular_by_count),
        "recallAt10": _mean(scored.ranks < 10),
        "recallAt50": _mean(scored.ranks < 50),
        "popularityRecallAt10": _mean(scored.popularity_ranks < 10),
        "popularityRecallAt50": _mean(scored.popularity_ranks < 50),
        "pairAccuracyByHistoryLength": _by_length(popular, popular_by_count, scored.lengths),
        "pairAccuracyByPopularity": _by_popularity(popular, popular_by_count, counts, scored.targets),
        "coldItems": _cold(popular, fitted_items, scored),
        "calibration": calibration_bins(logged, negatives, calibration),
        "spreadAgainstError": spread_against_error(scored, calibration),
        "meanRewardLogged": _mean(calibration.rewards(logged)),
        "meanRewardNegative": _mean(calibration.rewards(negatives)),
        "loggedRewardVarianceOfItems": _variance_between(calibration.rewards(logged), scored.targets),
    }


def _variance_between(values: np.ndarray, groups: np.ndarray) -> float:
    """Share of the variance of `values` that their groups' means explain."""
    _, number = np.unique(groups, return_inverse=True)
    means = np.bincount(number, values) / np.bincount(number)
    total = float(np.var(values))
    return float(np.var(means[number]) / total) if total > 0 else 0.0


def calibration_bins(
    logged: np.ndarray, negatives: np.ndarray, calibration: Calibration, bins: int = 10
) -> list[dict[str, float]]:
    """Actions in equally filled bins by calibrated reward: mean reward, and share of logged actions among them.

    Logged actions weigh as much as all negatives of their position, so that 0.5 is the share without knowledge. A
    reward of a well-calibrated bin grows with the share.
    """
    rewards = calibration.rewards(np.concatenate([logged, negatives.ravel()]))
    taken = np.concatenate([np.ones(logged.size), np.zeros(negatives.size)])
    weights = np.where(taken > 0, float(negatives.shape[1]), 1.0)
    order = np.argsort(rewards, kind="stable")
    return [
        {
            "reward": float(np.average(rewards[part], weights=weights[part])),
            "loggedShare": float(np.average(taken[part], weights=weights[part])),
            "actions": len(part),
        }
        for part in np.array_split(order, bins)
        if len(part)
    ]


def spread_against_error(
    scored: ScoredPositions, calibration: Calibration, bins: int = 5
) -> list[dict[str, float]]:
    """Pairs in equally filled bins by the spread of their margin over the ensemble: does a wide spread mean errors?"""
    logged, negatives = scored.logged_scores[:, None], scored.negative_scores  # [positions, 1 or negatives, heads]
    spread = (calibration.rewards(logged) - calibration.rewards(negatives)).std(-1).ravel()
    wrong = ((logged - negatives).mean(-1) <= 0).ravel().astype(float)
    order = np.argsort(spread, kind="stable")
    return [
        {"spread": _mean(spread[part]), "errorRate": _mean(wrong[part]), "pairs": len(part)}
        for part in np.array_split(order, bins)
        if len(part)
    ]


def _by_length(accuracy: np.ndarray, popularity: np.ndarray, lengths: np.ndarray) -> list[dict[str, float]]:
    ranges = itertools.pairwise(LENGTH_EDGES)
    return [
        {"from": low, "to": high - 1, **_compare(accuracy, popularity, (lengths >= low) & (lengths < high))}
        for low, high in ranges
        if ((lengths >= low) & (lengths < high)).any()
    ]


def _by_popularity(
    accuracy: np.ndarray, popularity: np.ndarray, counts: np.ndarray, targets: np.ndarray
) -> list[dict[str, float]]:
    """By fifth of the catalogue, most frequent items first."""
    place = np.empty(len(counts), np.int64)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(counts)) * 5 // max(len(counts), 1)
    group = place[targets - 1]
    return [
        {"fifth": int(fifth) + 1, **_compare(accuracy, popularity, group == fifth)} for fifth in np.unique(group)
    ]


def _cold(accuracy: np.ndarray, fitted_items: np.ndarray, scored: ScoredPositions) -> dict[str, float | None]:
    """Positions whose next item the environment never saw in a sequence that it was fitted on."""
    cold = ~np.isin(scored.targets, fitted_items)
    return {
        "positions": int(cold.sum()),
        "pairAccuracy": _mean(accuracy[cold]) if cold.any() else None,
        "recallAt10": _mean(scored.ranks[cold] < 10) if cold.any() else None,
    }


def _compare(accuracy: np.ndarray, popularity: np.ndarray, chosen: np.ndarray) -> dict[str, float]:
    return {
        "positions": int(chosen.sum()),
        "pairAccuracy": _mean(accuracy[chosen]),
        "popularityPairAccuracy": _mean(popularity[chosen]),
    }


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else 0.0
