"""Module: codec."""

import json

import numpy as np
import pyarrow as pa
import pytest
from environment.codec import ARROW, JSON, Limits, decode, encode
from environment.engine import RowAnswer
from environment.errors import RequestError
from hypothesis import given
from hypothesis import strategies as st

LIMITS = Limits(items=50, length=9, candidates=20)
ROWS = st.lists(st.tuples(st.lists(st.integers(1, 50), min_size=1, max_size=9), st.integers(0, 20)), max_size=6)


def stream(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def request_table(rows, counts, items_type=pa.list_(pa.int32()), count_type=pa.int32()) -> pa.Table:
    return pa.table({"items": pa.array(rows, items_type), "candidates": pa.array(counts, count_type)})


@given(rows=ROWS)
def test_a_request_survives_both_encodings(rows):
    # Arrange
    items, counts = [row[0] for row in rows], [row[1] for row in rows]

    # Act
    arrow = decode(stream(request_table(items, counts)), ARROW, LIMITS)
    by_hand = decode(json.dumps({"items": items, "candidates": counts}).encode(), f"{JSON}; charset=utf-8", LIMITS)

    # Assess
    for request in (arrow, by_hand):
        assert [row.tolist() for row in request.rows] == items
        assert request.candidates == counts


def test_other_integer_types_and_several_batches_are_taken():
    # Arrange
    table = request_table([[1, 2], [3]], [1, 2], pa.large_list(pa.int64()), pa.int64())
    table = pa.Table.from_batches(table.to_batches(max_chunksize=1))

    # Act
    request = decode(stream(table), ARROW, LIMITS)

    # Assess
    assert [row.tolist() for row in request.rows] == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("rows", "counts", "message"),
    [
        ([[1], []], [1, 1], "row 1, column items: 0 items, expected 1 to 9"),
        ([[1] * 10], [1], "row 0, column items: 10 items"),
        ([[1, 2], [3, 0, 4]], [1, 1], "row 1, column items, position 1: item 0, expected 1 to 50"),
        ([[51]], [1], "row 0, column items, position 0: item 51"),
        ([[1], [2]], [3, 21], "row 1, column candidates: 21, expected 0 to 20"),
        ([[1]], [-1], "row 0, column candidates: -1"),
        ([[1], None], [1, 1], "row 1, column items: (null|expected an array)"),
        ([[1, 2], [3, None]], [1, 1], "row 1, column items, position 1: (null|expected a whole number)"),
        ([[1]], [None], "row 0, column candidates: (null|expected a whole number)"),
    ],
)
def test_bad_values_are_named_by_row_and_column(rows, counts, message):
    for body, kind in ((stream(request_table(rows, counts)), ARROW), (json.dumps({"items": rows, "candidates": counts}).encode(), JSON)):
        with pytest.raises(RequestError, match=message) as caught:
            decode(body, kind, LIMITS)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    ("body", "kind", "status", "message"),
    [
        (b"{", JSON, 400, "not JSON"),
        (b"[]", JSON, 400, "exactly items and candidates"),
        (b'{"items": [], "candidates": [], "seed": 1}', JSON, 400, "exactly items and candidates"),
        (b'{"items": [[1]], "candidates": []}', JSON, 400, "same length"),
        (b'{"items": [[1.5]], "candidates": [1]}', JSON, 400, "position 0: expected a whole number, got 1.5"),
        (b'{"items": [[true]], "candidates": [1]}', JSON, 400, "position 0: expected a whole number, got True"),
        (b'{"items": [[99999999999]], "candidates": [1]}', JSON, 400, "position 0: expected a whole number"),
        (b'{"items": [[1]], "candidates": ["2"]}', JSON, 400, "row 0, column candidates"),
        (b"", ARROW, 400, "not an Arrow IPC stream"),
        (b"item,1", "text/csv", 415, "content type 'text/csv'"),
    ],
)
def test_bad_bodies_are_refused(body, kind, status, message):
    with pytest.raises(RequestError, match=message) as caught:
        decode(body, kind, LIMITS)
    assert caught.value.status == status


def test_wrong_columns_and_types_are_refused():
    with pytest.raises(RequestError, match="expected items and candidates"):
        decode(stream(pa.table({"items": [[1]]})), ARROW, LIMITS)
    with pytest.raises(RequestError, match="column items: expected list"):
        decode(stream(pa.table({"items": [["a"]], "candidates": [1]})), ARROW, LIMITS)
    with pytest.raises(RequestError, match="column items: expected list"):
        decode(stream(pa.table({"items": [1], "candidates": [1]})), ARROW, LIMITS)


@given(data=st.binary(max_size=200))
def test_noise_is_refused_and_never_breaks(data):
    for kind in (ARROW, JSON):
        with pytest.raises(RequestError):
            decode(data, kind, LIMITS)


def answer(length: int, count: int, seed: int) -> RowAnswer:
    generator = np.random.default_rng(seed)
    shape = (length - 1, count)
    return RowAnswer(
        generator.normal(size=(length, 4)).astype(np.float16),
        generator.normal(size=length - 1).astype(np.float32),
        generator.random(length - 1).astype(np.float32),
        generator.integers(1, 50, shape).astype(np.int32),
        generator.normal(size=shape).astype(np.float32),
        generator.random(shape).astype(np.float32),
    )


@given(shapes=st.lists(st.tuples(st.integers(1, 6), st.integers(0, 4)), min_size=1, max_size=5))
def test_an_answer_has_the_contracts_columns(shapes):
    # Arrange
    answers = [answer(length, count, seed) for seed, (length, count) in enumerate(shapes)]

    # Act
    table = pa.ipc.open_stream(encode(answers, ARROW, 4)).read_all()
    document = json.loads(encode(answers, JSON, 4))

    # Assess
    rewards = pa.list_(pa.float32())
    assert dict(zip(table.schema.names, table.schema.types)) == {
        "states": pa.list_(pa.list_(pa.float16(), 4)),
        "rewards": rewards,
        "rewardSpreads": rewards,
        "candidates": pa.list_(pa.list_(pa.int32())),
        "candidateRewards": pa.list_(rewards),
        "candidateRewardSpreads": pa.list_(rewards),
    }
    names = ("states", "rewards", "reward_spreads", "candidates", "candidate_rewards", "candidate_reward_spreads")
    for column, name in zip(table.schema.names, names):
        expected = [getattr(row, name).tolist() for row in answers]
        assert table[column].to_pylist() == expected
        assert document[column] == expected


def test_an_empty_request_has_an_empty_answer():
    # Act
    table = pa.ipc.open_stream(encode([], ARROW, 4)).read_all()

    # Assess
    assert table.num_rows == 0
    assert table.schema.field("states").type == pa.list_(pa.list_(pa.float16(), 4))
