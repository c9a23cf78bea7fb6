"""Module: data."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import ITEMS, write_manifest, write_stream
from environment.data import read_catalogue, read_training_rows, repeat_share
from environment.errors import DataError

ROW = {"user_id": ["a"], "start": pa.array([0], pa.int32()), "items": pa.array([[1, 2]], pa.list_(pa.int32()))}


def test_rows_and_catalogue_are_read(sequences: Path):
    # Act
    catalogue = read_catalogue(sequences)
    rows = read_training_rows(sequences, len(catalogue), 8)

    # Assess: the same as the files, read another way
    tables = [pa.ipc.open_stream(path.read_bytes()).read_all() for path in sorted((sequences / "train").iterdir())]
    expected = [row for table in tables for row in table["items"].to_pylist()]
    assert [rows.row(index).tolist() for index in range(len(rows))] == expected
    users = [user for table in tables for user in table["user_id"].to_pylist()]
    assert rows.user_count == len(set(users))
    assert len({(user, int(number)) for user, number in zip(users, rows.users)}) == rows.user_count
    assert len(catalogue) == ITEMS and catalogue.identifiers[0] == "item-0"
    assert catalogue.fields[1] == {"colour": "green"}


def test_repeats_are_counted(tmp_path: Path):
    # Arrange
    rows = pa.array([[1, 2, 1], [3], [4, 4, 4]], pa.list_(pa.int32()))
    write_stream(tmp_path / "train" / "part-00000.arrow", pa.table({"user_id": ["a", "b", "c"], "items": rows}))
    write_manifest(tmp_path, rows=3)

    # Act & Assess: 3 of 4 transitions
    assert repeat_share(read_training_rows(tmp_path, 5, 5)) == 0.75


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
        read_training_rows(tmp_path, 3, 2)


def test_a_shard_or_row_that_the_manifest_counts_is_not_trained_without(tmp_path: Path):
    # Arrange
    write_stream(tmp_path / "train" / "part-00000.arrow", pa.table(ROW))

    # Act & Assess
    write_manifest(tmp_path, shards=2)
    with pytest.raises(DataError, match="part-00001.arrow is missing"):
        read_training_rows(tmp_path, 3, 2)
    write_manifest(tmp_path, rows=2)
    with pytest.raises(DataError, match="has 1 rows, but manifest.json says 2"):
        read_training_rows(tmp_path, 3, 2)
    write_manifest(tmp_path)
    assert len(read_training_rows(tmp_path, 3, 2)) == 1


def test_missing_and_damaged_files_are_explained(tmp_path: Path):
    with pytest.raises(DataError, match="manifest.json is missing"):
        read_training_rows(tmp_path, 3, 2)
    for content, message in [("{", "does not say how many"), ('{"shards": 0, "trainSequences": 0}', "counts no shards")]:
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(DataError, match=message):
            read_training_rows(tmp_path, 3, 2)
    with pytest.raises(DataError, match="items.arrow is missing"):
        read_catalogue(tmp_path)
    (tmp_path / "items.arrow").write_bytes(b"not arrow")
    with pytest.raises(DataError, match="not an Arrow IPC stream"):
        read_catalogue(tmp_path)
    empty = {"item_id": [], "title": [], "fields": [], "count": pa.array([], pa.int32())}
    write_stream(tmp_path / "items.arrow", pa.table(empty))
    with pytest.raises(DataError, match="has 0 items"):
        read_catalogue(tmp_path)
    write_stream(
        tmp_path / "items.arrow",
        pa.table({"item_id": ["a"], "title": ["A"], "fields": [json.dumps({"x": "y"})], "count": pa.array([1], pa.int32())}),
    )
    with pytest.raises(DataError, match="has 1 items: .* at least two"):
        read_catalogue(tmp_path)
