"""Which users an environment is fitted on, which it is measured on, and which calibrate its rewards.

The draw depends on seed and user id alone: nearly all users are on the same side of it night after night, whoever came or
went. So a fit that begins from the last one's weights is not measured on the users whom those were fitted on.
"""

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from .data import TrainingRows
from .errors import DataError

HELD_OUT_SHARE = 0.1
"""Share of all users that are never fitted on."""
HELD_OUT_USERS = 400
"""Held-out users at most: enough for a standard error of pair accuracy below 0.005."""


@dataclass(frozen=True)
class UserRows:
    """Row numbers of the training sequences by what they are used for."""

    fitted: np.ndarray
    """Of the users that are fitted on."""
    held_out: np.ndarray
    """Of the users kept for early stopping and metrics."""
    calibration: np.ndarray
    """Of the other users; of the fitted ones when these are everybody."""
    fitted_users: int


def choose_users(rows: TrainingRows, fraction: float, seed: int) -> UserRows:
    """Draws held-out users, the same for every fraction, and then the fitted ones; rows of one item teach nothing.

    Args:
        rows: all training sequences.
        fraction: share (0-1) of the users to fit on, at most all that are not held out.
        seed: of the draw.

    Raises:
        DataError: too few users with two actions to fit on some and hold out others.
    """
    usable = np.flatnonzero(rows.lengths() > 1)
    candidates = np.unique(rows.users[usable])
    if len(candidates) < 2:
        raise DataError("The training sequences have fewer than two users with two actions: nothing to fit on.")
    drawn = draw_order(candidates, rows.user_ids, seed)
    held_out, others = np.split(drawn, [min(HELD_OUT_USERS, max(1, round(HELD_OUT_SHARE * len(drawn))))])
    fitted, rest = np.split(others, [math.ceil(fraction * len(drawn))])

    def of(users: np.ndarray) -> np.ndarray:
        return usable[np.isin(rows.users[usable], users)]

    return UserRows(of(fitted), of(held_out), of(rest if len(rest) else fitted), len(fitted))


def draw_order(users: np.ndarray, user_ids: list[str], seed: int) -> np.ndarray:
    """[users] in an order that looks random and is each user's own: another user more or less moves nobody past another."""
    key = str(seed).encode()[:64]
    digests = b"".join(hashlib.blake2b(user_ids[user].encode(), digest_size=8, key=key).digest() for user in users)
    return users[np.argsort(np.frombuffer(digests, ">u8"), kind="stable")]
