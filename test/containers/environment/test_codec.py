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


def compressed(table: pa.Table, codec: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=codec)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_a_compressed_body_is_read_as_long_as_it_is_small_when_unpacked(codec: str):
    # Arrange: rows that do not get shorter are sent as they are within a compressed batch
    rows = np.random.default_rng(1).integers(1, 51, (400, 9)).tolist()
    good = compressed(request_table([*rows, [7] * 9, [1]], [3] * 402), codec)

    # Act
    request = decode(good, ARROW, LIMITS)

    # Assess
    assert [row.tolist() for row in request.rows] == [*rows, [7] * 9, [1]]


def test_a_small_body_that_unpacks_to_much_is_refused_before_it_is_unpacked():
    # Arrange: a row of a hundred million zeros in a few kilobytes
    offsets, zeros = pa.array([0, 10**8], pa.int32()), pa.array(np.zeros(10**8, np.int32))
    bomb = compressed(pa.table({"items": pa.ListArray.from_arrays(offsets, zeros), "candidates": pa.array([1], pa.int32())}), "zstd")
    del zeros
    assert len(bomb) < 100_000
    pool = pa.proxy_memory_pool(pa.system_memory_pool())
    usual = pa.default_memory_pool()

    # Act
    pa.set_memory_pool(pool)
    try:
        with pytest.raises(RequestError, match="exceeds 26214400 bytes when unpacked") as caught:
            decode(bomb, ARROW, LIMITS)
    finally:
        pa.set_memory_pool(usual)

    # Assess
    assert caught.value.status == 413
    assert pool.max_memory() < 1 << 20


def test_more_rows_or_batches_than_are_ever_taken_are_refused():
    # Arrange: rows that need no bytes at all; a million empty batches would be slow to read
    nothing = pa.Array.from_buffers(pa.null(), (1 << 31) - 1, [None])
    many = pa.table({"items": nothing, "candidates": nothing})
    sink = pa.BufferOutputStream()
    batch = request_table([[1]], [1]).to_batches()[0]
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        for _ in range(5000):
            writer.write_batch(batch)

    # Act & Assess
    with pytest.raises(RequestError, match="column items: expected list.*, got null"):
        decode(stream(many), ARROW, LIMITS)
    with pytest.raises(RequestError, match="more than 4096 record batches") as caught:
        decode(sink.getvalue().to_pybytes(), ARROW, LIMITS)
    assert caught.value.status == 413
    rows = (1 << 20) + 1
    lists = pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32)), pa.array(np.ones(rows, np.int32)))
    with pytest.raises(RequestError, match="more than 1048576 rows") as caught:
        decode(stream(pa.table({"items": lists, "candidates": pa.array(np.ones(rows, np.int32))})), ARROW, LIMITS)
    assert caught.value.status == 413


def other_kinds() -> dict[str, pa.Array]:
    """Columns of three rows that are no lists of integers, some of them far larger than what is sent of them."""
    rows = pa.array([[1], [2], [3]], pa.list_(pa.int32()))
    return {
        "dictionary": pa.DictionaryArray.from_arrays(pa.array([0, 1, 2], pa.int8()), rows),
        "runs": pa.RunEndEncodedArray.from_arrays(pa.array([3], pa.int32()), rows.slice(0, 1)),
        "views": pa.array([[1], [2], [3]], pa.list_view(pa.int32())),
        "fixed": pa.array([[1], [2], [3]], pa.list_(pa.int32(), 1)),
        "map": pa.array([[(1, 2)]] * 3, pa.map_(pa.int32(), pa.int32())),
        "union": pa.UnionArray.from_sparse(pa.array([0, 0, 0], pa.int8()), [rows]),
        "nulls": pa.array([[None], [], []], pa.list_(pa.null())),
        "decimals": pa.array([[1], [2], [3]], pa.list_(pa.decimal128(5))),
        "texts": pa.array(["a", "b", "c"], pa.string_view()),
    }


@pytest.mark.parametrize("name", other_kinds())
def test_only_integers_are_taken(name: str):
    with pytest.raises(RequestError, match="column items: expected list") as caught:
        decode(stream(pa.table({"items": other_kinds()[name], "candidates": pa.array([1, 1, 1], pa.int32())})), ARROW, LIMITS)
    assert caught.value.status == 400


def damaged(body: bytes, seed: int) -> bytes:
    """The body with a few bytes changed, left out or added."""
    generator = np.random.default_rng(seed)
    result = bytearray(body)
    for _ in range(generator.choice([1, 2, 8])):
        place = int(generator.integers(max(len(result), 1)))
        match int(generator.integers(5)):
            case 0:
                result[place : place + 1] = generator.bytes(1)
            case 1:
                result[place : place + 4] = [b"\xff\xff\xff\x7f", b"\0\0\0\x80", b"\xff" * 4, b"\0" * 4][generator.integers(4)]
            case 2:
                del result[place : place + int(generator.integers(1, 9))]
            case 3:
                result[place:place] = generator.bytes(int(generator.integers(1, 9)))
            case 4:
                del result[place:]
    return bytes(result)


def test_thousands_of_damaged_bodies_are_read_or_refused_and_never_break():
    # Arrange
    table = request_table([[1, 2, 3], [4], [5, 6]], [2, 0, 1])
    wide = request_table([[1, 2, 3], [4], [5, 6]], [2, 0, 1], pa.large_list(pa.int64()), pa.uint8())
    seeds = [stream(table), stream(wide), compressed(table, "lz4"), compressed(table, "zstd")]
    seeds += [stream(pa.table({"items": column, "candidates": pa.array([1, 1, 1], pa.int32())})) for column in other_kinds().values()]
    hand = json.dumps({"items": [[1, 2], [3]], "candidates": [1, 0]}).encode()
    refused = 0

    # Act: in this process, so that a wild read would end the test
    for seed in range(4000):
        kind = JSON if seed % 8 == 0 else ARROW
        try:
            decode(damaged(hand if kind == JSON else seeds[seed % len(seeds)], seed), kind, LIMITS)
        except RequestError as error:
            refused += 1
            assert error.status in (400, 413)
            assert len(str(error)) < 400

    # Assess
    assert refused > 3000


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("[" * 100_000, 400, "not JSON: maximum recursion depth"),
        ('{"items": [["' + "x" * 100_000 + '"]], "candidates": [1]}', 400, "expected a whole number, got 'x"),
        ('{"items": [[[' + "1," * 10_000 + '1]]], "candidates": [1]}', 400, "expected a whole number, got list"),
        ('{"items": [[' + "9" * 5000 + ']], "candidates": [1]}', 400, "not JSON"),
        ('{"items": [' + "[1]," * 300_000 + '[1]], "candidates": [1]}', 413, "more than 1048576 bytes"),
    ],
)
def test_json_that_is_deep_or_long_gets_a_short_answer(body: str, status: int, message: str):
    with pytest.raises(RequestError, match=message) as caught:
        decode(body.encode(), JSON, LIMITS)
    assert caught.value.status == status
    assert len(str(caught.value)) < 400


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
        "candidateChances": pa.list_(rewards),
    }
    names = ("states", "rewards", "reward_spreads", "candidates", "candidate_rewards", "candidate_reward_spreads", "candidate_chances")
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
