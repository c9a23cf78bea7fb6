"""What is measured: the real base model with item tokens of MovieTweetings' catalogue, on its users' histories."""

import gzip
import json
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from environment.base_model import load_base_model
from environment.batching import packed_length
from environment.data import TrainingRows
from environment.item_tokens import initial_tokens, tokenise
from environment.model import EnvironmentModel
from environment.negatives import draw_negatives

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = ROOT / "examples" / "movietweetings"
INSTRUCTION = "The user has watched these films, one after the other, and liked all of them very much:"
MINIMUM = 5
"""Interactions of an item or a user at least."""


@dataclass(frozen=True)
class Histories:
    """Users' histories in time order; item index `i` is `titles[i - 1]`."""

    titles: list[str]
    counts: np.ndarray
    """[items] int64."""
    users: list[np.ndarray]


@cache
def histories() -> Histories:
    """The bundled example, without rare items and users."""
    rows: dict[str, list[tuple[float, str]]] = {}
    with gzip.open(EXAMPLE / "interactions.jsonl.gz", "rt", encoding="utf8") as lines:
        for line in map(json.loads, lines):
            rows.setdefault(line["user_id"], []).append((line["timestamp"], line["item_id"]))
    occurrences = Counter(item for row in rows.values() for _, item in row)
    with gzip.open(EXAMPLE / "items.jsonl.gz", "rt", encoding="utf8") as lines:
        titles = {item["item_id"]: f"{item['title']}, {item.get('genres', '')}" for item in map(json.loads, lines)}
    known = [item for item, count in occurrences.items() if count >= MINIMUM and item in titles]
    numbers = {item: number for number, item in enumerate(known, 1)}
    users = [np.array([numbers[item] for _, item in sorted(row) if item in numbers], np.int32) for row in rows.values()]
    counts = np.array([occurrences[item] for item in known], np.int64)
    return Histories([titles[item] for item in known], counts, [row for row in users if len(row) >= MINIMUM])


def rows_of(length: int | None, count: int, window: int = 50) -> list[np.ndarray]:
    """The first rows of `length` items, or, without a length, rows as they come, at most `window + 1` items long."""
    if length is None:
        return [row[: window + 1] for row in histories().users[:count]]
    return [row[:length] for row in histories().users if len(row) >= length][:count]


def actions_of(rows: list[np.ndarray], count: int) -> list[np.ndarray]:
    """For each row [length - 1, count] uniform actions beside the logged one."""
    items = len(histories().titles)
    return [draw_negatives(row, count, items, False, np.random.default_rng([1, index])) for index, row in enumerate(rows)]


def packed_tokens(rows: list[np.ndarray], count: int, instruction: int) -> np.ndarray:
    """[rows] real tokens of packed rows with `count` actions per position."""
    return np.asarray(packed_length(np.array([len(row) for row in rows]), count, instruction))


def training_rows(rows: list[np.ndarray]) -> TrainingRows:
    """The rows as the training channel has them, one per user."""
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])])
    return TrainingRows(np.arange(len(rows)), [str(row) for row in range(len(rows))], np.concatenate(rows), offsets)


def environment_of(folder: Path, layers: int | None, instruction: int = 0, heads: int = 3) -> EnvironmentModel:
    """An environment before its fit.

    Args:
        folder: of the base model.
        layers: kept, None for all.
        instruction: tokens of the prompt in front of every history.
        heads: of the ensemble.
    """
    base = load_base_model(folder, layers, torch.float32, torch.device("cpu"))
    catalogue = histories()
    table = initial_tokens(base, tokenise(base, catalogue.titles, 48))
    frequency = torch.from_numpy(np.log(catalogue.counts + 1.0)).float()
    popularity = torch.cat([torch.zeros(1), frequency - frequency.mean()])
    words = torch.tensor(base.tokenise([INSTRUCTION])[0][:instruction], dtype=torch.long)
    model = EnvironmentModel(base.decoder, None, table, popularity, base.embedding[words], 64, heads)
    model.initialise_heads(1)
    return model.eval()
