"""EASE by its closed form in NumPy (Steck 2019, https://arxiv.org/abs/1905.03375, equation 8).

`.venv/bin/python test/reference/ease.py` writes golden/ease.golden.json for test/lib/evaluation/rivals/ease.test.ts.
"""

import json
from pathlib import Path

import numpy as np

USERS, ITEMS, LAMBDA = 60, 23, 3.5


def weights(taken: np.ndarray, ridge: float) -> np.ndarray:
    """`B` of `X`, `[users, items]` of 0 and 1."""
    inverse = np.linalg.inv(taken.T @ taken + ridge * np.eye(taken.shape[1]))
    learned = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(learned, 0)
    return learned


def main() -> None:
    random = np.random.default_rng(5)
    popularity = 1 / np.arange(1, ITEMS + 1)
    rows = [
        random.choice(ITEMS, size=int(random.integers(2, 9)), replace=False, p=popularity / popularity.sum()).tolist()
        for _ in range(USERS)
    ]
    taken = np.zeros((USERS, ITEMS))
    for user, items in enumerate(rows):
        taken[user, items] = 1
    golden = {
        "rows": [[item + 1 for item in items] for items in rows],
        "items": ITEMS,
        "lambda": LAMBDA,
        "weights": weights(taken, LAMBDA).tolist(),
    }
    path = Path(__file__).parent / "golden" / "ease.golden.json"
    path.write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
