"""Module: data."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import ITEMS, write_manifest, write_stream
from environment.data import SequencesManifest, read_catalogue, read_manifest, read_training_rows
from environment.errors import DataError

ROW = {"user_id": ["a"], "start": pa.array([0], pa.int32()), "items": pa.array([[1, 2]], pa.list_(pa.int32()))}


def test_rows_and_catalogue_are_read(sequences: Path):
    # Act
    manifest = read_manifest(sequences)
    catalogue = read_catalogue(sequences, manifest)
    rows = read_training_rows(sequences, manifest)

    # Assess: the same as the files, read another way
    tables = [pa.ipc.open_stream(path.read_bytes()).read_all() for path in sorted((sequences / "train").iterdir())]
    expected = [row for table in tables for row in table["items"].to_pylist()]
    assert [rows.row(index).tolist() for index in range(len(rows))] == expected
    users = [user for table in tables for user in table["user_id"].to_pylist()]
    assert rows.user_ids == list(dict.fromkeys(users))
    assert len({(user, int(number)) for user, number in zip(users, rows.users)}) == len(rows.user_ids)
    assert len(catalogue) == ITEMS and catalogue.identifiers[0] == "item-0"
    assert catalogue.fields[1] == {"colour": "green"}


def test_the_runs_decisions_are_read_from_its_manifest(tmp_path: Path):
    # Arrange: 5 % of repeats, and a run that leaves the history out all the same
    write_manifest(tmp_path, items=30, shards=3, trainSequences=70, window=8, excludeHistory=True, repeatShare=0.05)

    # Act & Assess
    assert read_manifest(tmp_path) == SequencesManifest(30, 3, 70, 8, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "manifest.json is missing"),
        ("{", "is not JSON"),
        ("[]", "items is None, expected int"),
        ('{"items": 1, "shards": 1, "trainSequences": 1, "window": true, "excludeHistory": true}', "window is True, expected int"),
        ('{"items": 1, "shards": 1, "trainSequences": 1, "window": 2, "excludeHistory": "auto"}', "excludeHistory is 'auto'"),
    ],
)
def test_a_manifest_that_does_not_say_enough_is_refused(tmp_path: Path, content: str | None, message: str):
    # Arrange
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)

    # Act & Assess
    with pytest.raises(DataError, match=message):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pa.table(ROW | {"items": pa.array([[1, 9]], pa.list_(pa.int32()))}), "index outside 1..3"),
        (pa.table(ROW | {"items": pa.array([[0]], pa.list_(pa.int32()))}), "index outside 1..3"),
        (pa.table(ROW | {"items": pa.array([[1, 2, 3, 1]], pa.list_(pa.int32()))}), "4 items; window 2 allows 1 to 3"),
        (pa.table({"user_id": ["a"]}), "lacks column items"),
    ],
)
def test_rows_against_the_contract_are_refused(tmp_path: Path, table: pa.Table, message: str):
    # Arrange
    write_stream(tmp_path / "train" / "part-00000.arrow", table)
    write_manifest(tmp_path)

    # Act & Assess
    with pytest.raises(DataError, match=message):
        read_training_rows(tmp_path, read_manifest(tmp_path))


def test_a_shard_or_row_that_the_manifest_counts_is_not_trained_without(tmp_path: Path):
    # Arrange
    write_stream(tmp_path / "train" / "part-00000.arrow", pa.table(ROW))

    # Act & Assess
    write_manifest(tmp_path, shards=2)
    with pytest.raises(DataError, match="part-00001.arrow is missing"):
        read_training_rows(tmp_path, read_manifest(tmp_path))
    write_manifest(tmp_path, trainSequences=2)
    with pytest.raises(DataError, match="has 1 rows, but manifest.json says 2"):
        read_training_rows(tmp_path, read_manifest(tmp_path))
    write_manifest(tmp_path)
    assert len(read_training_rows(tmp_path, read_manifest(tmp_path))) == 1


def test_missing_and_damaged_files_are_explained(tmp_path: Path):
    write_manifest(tmp_path, shards=0)
    with pytest.raises(DataError, match="counts no shards"):
        read_training_rows(tmp_path, read_manifest(tmp_path))
    write_manifest(tmp_path, items=1)
    manifest = read_manifest(tmp_path)
    with pytest.raises(DataError, match="items.arrow is missing"):
        read_catalogue(tmp_path, manifest)
    (tmp_path / "items.arrow").write_bytes(b"not arrow")
    with pytest.raises(DataError, match="not an Arrow IPC stream"):
        read_catalogue(tmp_path, manifest)
    empty = {"item_id": [], "title": [], "fields": [], "count": pa.array([], pa.int32())}
    write_stream(tmp_path / "items.arrow", pa.table(empty))
    with pytest.raises(DataError, match="has 0 items, but manifest.json says 1"):
        read_catalogue(tmp_path, manifest)
    write_stream(
        tmp_path / "items.arrow",
        pa.table({"item_id": ["a"], "title": ["A"], "fields": [json.dumps({"x": "y"})], "count": pa.array([1], pa.int32())}),
    )
    with pytest.raises(DataError, match="has 1 items: .* at least two"):
        read_catalogue(tmp_path, manifest)
