"""The training channel: the vocabulary and the training rows, read from Arrow IPC streams."""

import json
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from .config import camel_case
from .errors import DataError


@dataclass(frozen=True)
class ItemTexts:
    """What the catalogue says about items."""

    identifiers: list[str]
    titles: list[str]
    fields: list[dict[str, str]]

    def __len__(self) -> int:
        return len(self.identifiers)


@dataclass(frozen=True)
class Catalogue(ItemTexts):
    """The vocabulary; entry `i` belongs to item index `i + 1` (index 0 is padding)."""

    counts: np.ndarray
    """[items] int64: occurrences in the training sequences."""


@dataclass(frozen=True)
class SequencesManifest:
    """What the run has decided about its sequences, and how much there must be of them."""

    items: int
    shards: int
    train_sequences: int
    window: int
    """Longest history, in items; a training row has at most one more."""
    exclude_history: bool
    """Whether lists leave the user's history out."""


@dataclass(frozen=True)
class TrainingRows:
    """Training sequences cut into rows of at most `window + 1` items."""

    users: np.ndarray
    """[rows] int64: the row's user, numbered by first appearance."""
    user_ids: list[str]
    """The users' ids by their number."""
    items: np.ndarray
    """[positions] int32: item indices of all rows, one row after the other."""
    offsets: np.ndarray
    """[rows + 1] int64: where each row begins in `items`."""

    def __len__(self) -> int:
        return len(self.users)

    def row(self, index: int) -> np.ndarray:
        """[length] int32: a row's items in time order."""
        return self.items[self.offsets[index] : self.offsets[index + 1]]

    def lengths(self) -> np.ndarray:
        """[rows] int64: items of each row."""
        return np.diff(self.offsets)


def read_manifest(folder: Path) -> SequencesManifest:
    """Reads `manifest.json`; what it says besides matters to others only.

    Raises:
        DataError: the file is missing or does not say what is needed.
    """
    path = folder / "manifest.json"
    try:
        document = json.loads(path.read_text(encoding="utf8"))
    except FileNotFoundError:
        raise DataError(f"{path} is missing: channel sequences must hold a run's complete sequences/ folder.") from None
    except ValueError as error:
        raise DataError(f"{path} is not JSON: {error}") from None
    given = document if isinstance(document, dict) else {}
    values: dict[str, Any] = {}
    for name, kind in typing.get_type_hints(SequencesManifest).items():
        key = camel_case(name)
        if type(given.get(key)) is not kind:
            raise DataError(f"{path}: {key} is {given.get(key)!r}, expected {kind.__name__}: build the sequences again.")
        values[name] = given[key]
    return SequencesManifest(**values)


def read_catalogue(folder: Path, manifest: SequencesManifest) -> Catalogue:
    """Reads `items.arrow`.

    Raises:
        DataError: the file is missing, is not an Arrow stream, lacks a column, is empty or has other items than the
            manifest counts.
    """
    table = _read(folder / "items.arrow", {"item_id", "title", "fields", "count"})
    if table.num_rows != manifest.items:
        raise DataError(f"{folder / 'items.arrow'} has {table.num_rows} items, but manifest.json says {manifest.items}.")
    if table.num_rows < 2:
        raise DataError(f"{folder / 'items.arrow'} has {table.num_rows} items: the environment needs at least two.")
    return Catalogue(*_texts(table), table["count"].to_numpy().astype(np.int64))


def read_item_texts(path: Path) -> ItemTexts:
    """Reads `catalogue.arrow`.

    Raises:
        DataError: the file is missing, is not an Arrow stream, lacks a column, is empty or has an item twice.
    """
    table = _read(path, {"item_id", "title", "fields"})
    if table.num_rows == 0:
        raise DataError(f"{path} has no items: there is nothing to make vectors of.")
    texts = ItemTexts(*_texts(table))
    if len(set(texts.identifiers)) < len(texts):
        raise DataError(f"{path} has an item more than once.")
    return texts


def read_item_ids(path: Path) -> list[str]:
    """The ids of a table of items, whatever else it has.

    Raises:
        DataError: the file is missing, is not an Arrow stream or has no ids.
    """
    ids: list[str] = _read(path, {"item_id"})["item_id"].to_pylist()
    return ids


def read_training_rows(folder: Path, manifest: SequencesManifest) -> TrainingRows:
    """Reads `train/part-*.arrow` in the order of the parts, all that the manifest counts.

    Raises:
        DataError: a shard or row that the manifest counts is missing, an item index that the vocabulary does not have, or
            a row longer than `window + 1`.
    """
    if manifest.shards < 1:
        raise DataError(f"{folder / 'manifest.json'} counts no shards: the run has no training sequences.")
    items, window = manifest.items, manifest.window
    paths = [folder / "train" / f"part-{part:05d}.arrow" for part in range(manifest.shards)]
    numbers: dict[str, int] = {}
    users: list[int] = []
    values: list[np.ndarray] = []
    lengths: list[np.ndarray] = []
    for path in paths:
        table = _read(path, {"user_id", "items"}).combine_chunks()
        users.extend(numbers.setdefault(user, len(numbers)) for user in table["user_id"].to_pylist())
        column = table["items"].combine_chunks()
        flat = column.flatten().to_numpy(zero_copy_only=False)
        sizes = column.value_lengths().to_numpy(zero_copy_only=False)
        if flat.size and (flat.min() < 1 or flat.max() > items):
            raise DataError(f"{path}: column items has an index outside 1..{items}; items.arrow belongs to another run.")
        if sizes.size and (sizes.min() < 1 or sizes.max() > window + 1):
            raise DataError(f"{path}: a row has {sizes.max()} items; window {window} allows 1 to {window + 1}.")
        values.append(flat.astype(np.int32))
        lengths.append(sizes.astype(np.int64))
    if len(users) != manifest.train_sequences:
        raise DataError(f"{folder / 'train'} has {len(users)} rows, but manifest.json says {manifest.train_sequences}.")
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
    return TrainingRows(np.array(users, np.int64), list(numbers), np.concatenate(values), offsets)


def _texts(table: pa.Table) -> tuple[list[str], list[str], list[dict[str, str]]]:
    return (
        table["item_id"].to_pylist(),
        table["title"].to_pylist(),
        [json.loads(text) for text in table["fields"].to_pylist()],
    )


def _read(path: Path, columns: set[str]) -> pa.Table:
    try:
        with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
            table = reader.read_all()
    except FileNotFoundError:
        raise DataError(f"{path} is missing: channel sequences must hold a run's sequences/ folder.") from None
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} is not an Arrow IPC stream: {error}") from None
    missing = columns - set(table.column_names)
    if missing:
        raise DataError(f"{path} lacks column {', '.join(sorted(missing))}.")
    return table
