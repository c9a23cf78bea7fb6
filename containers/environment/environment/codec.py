"""The bytes of a request and of its answer: Arrow IPC streams, and JSON for use by hand."""

import itertools
import json
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from .arrow_body import read_stream
from .batching import QUEUED_TOKENS
from .contract import MAXIMUM_BODY_BYTES
from .engine import RowAnswer
from .errors import RequestError

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/json"
COLUMNS = {"items": pa.list_(pa.int32()), "candidates": pa.int32()}
MAXIMUM_JSON_BYTES = 1024 * 1024
"""JSON is for use by hand, and its values take fifty times their text."""


@dataclass(frozen=True)
class Limits:
    """What a row may hold."""

    items: int
    """Items of the vocabulary."""
    length: int
    """Items of a row at most: `window + 1`."""
    candidates: int = 100
    """Candidates per position at most."""


@dataclass(frozen=True)
class EnvironmentRequest:
    """A checked request."""

    rows: list[np.ndarray]
    """For each row [length] int32 item indices."""
    candidates: list[int]
    """For each row the candidates per position."""


def decode(body: bytes, content_type: str, limits: Limits) -> EnvironmentRequest:
    """Reads and checks a request.

    Raises:
        RequestError: status 415 for another content type, 400 with row and column for anything else.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == ARROW:
        values, offsets, candidates = _decode_arrow(body)
    elif kind == JSON:
        values, offsets, candidates = _decode_json(body)
    else:
        raise RequestError(f"content type {content_type[:60]!r}: expected {ARROW} or {JSON}", 415)
    _check(values, offsets, candidates, limits)
    rows = [values[start:end] for start, end in itertools.pairwise(offsets)]
    return EnvironmentRequest(rows, candidates.tolist())


def encode(answers: list[RowAnswer], content_type: str, state_dimension: int) -> bytes:
    """Writes an answer in the encoding of its request."""
    if content_type.partition(";")[0].strip().lower() == JSON:
        return _encode_json(answers)
    return _encode_arrow(answers, state_dimension)


def _decode_arrow(body: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = read_stream(body, _check_schema, QUEUED_TOKENS, MAXIMUM_BODY_BYTES)
    items, candidates = (_cast(table, name) for name in COLUMNS)
    flat = items.flatten()
    lengths = items.value_lengths().to_numpy(zero_copy_only=False).astype(np.int64)
    if flat.null_count:
        place = int(np.flatnonzero(flat.is_null().to_numpy(zero_copy_only=False))[0])
        row = int(np.searchsorted(np.cumsum(lengths), place, side="right"))
        raise RequestError(f"row {row}, column items, position {place - int(lengths[:row].sum())}: null")
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return flat.to_numpy(zero_copy_only=False), offsets, candidates.to_numpy(zero_copy_only=False)


def _check_schema(schema: pa.Schema) -> None:
    """Takes integers of any width. Values of other types may be far more than what was sent (dictionaries, runs, views)."""
    if sorted(schema.names) != sorted(COLUMNS):
        raise RequestError(f"columns {', '.join(schema.names)[:200] or '(none)'}: expected {' and '.join(COLUMNS)}")
    for name, kind in COLUMNS.items():
        given = schema.field(name).type
        lists = pa.types.is_list(given) or pa.types.is_large_list(given)
        if lists != pa.types.is_list(kind) or not pa.types.is_integer(given.value_type if lists else given):
            raise RequestError(f"column {name}: expected {kind}, got {str(given)[:200]}")


def _cast(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise RequestError(f"row {row}, column {name}: null")
    try:
        return column.cast(COLUMNS[name])
    except pa.ArrowInvalid as error:
        raise RequestError(f"column {name}: expected {COLUMNS[name]}: {str(error)[:200]}") from None


def _decode_json(body: bytes) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if len(body) > MAXIMUM_JSON_BYTES:
        raise RequestError(f"a JSON body of more than {MAXIMUM_JSON_BYTES} bytes: send fewer rows, or {ARROW}", 413)
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"body is not JSON: {str(error)[:200]}") from None
    if not isinstance(document, dict) or sorted(document) != sorted(COLUMNS):
        raise RequestError("body: expected an object with exactly items and candidates")
    items, candidates = document["items"], document["candidates"]
    if not isinstance(items, list) or not isinstance(candidates, list) or len(items) != len(candidates):
        raise RequestError("body: expected items and candidates to be arrays of the same length")
    for row, (values, count) in enumerate(zip(items, candidates)):
        if not isinstance(values, list):
            raise RequestError(f"row {row}, column items: expected an array")
        for position, value in enumerate(values):
            if not _whole(value):
                raise RequestError(f"row {row}, column items, position {position}: expected a whole number, got {_shown(value)}")
        if not _whole(count):
            raise RequestError(f"row {row}, column candidates: expected a whole number, got {_shown(count)}")
    offsets = np.concatenate([[0], np.cumsum([len(values) for values in items], dtype=np.int64)]).astype(np.int64)
    flat = np.array([value for values in items for value in values], np.int32)
    return flat, offsets, np.array(candidates, np.int32)


def _shown(value: object) -> str:
    """A wrong value for a message: a list or an object by its kind, anything else by its beginning."""
    return type(value).__name__ if isinstance(value, list | dict) else repr(value)[:60]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31


def _check(values: np.ndarray, offsets: np.ndarray, candidates: np.ndarray, limits: Limits) -> None:
    lengths = np.diff(offsets)
    for row in np.flatnonzero((lengths < 1) | (lengths > limits.length))[:1]:
        raise RequestError(f"row {row}, column items: {lengths[row]} items, expected 1 to {limits.length}")
    for place in np.flatnonzero((values < 1) | (values > limits.items))[:1]:
        row = int(np.searchsorted(offsets, place, side="right")) - 1
        raise RequestError(
            f"row {row}, column items, position {place - offsets[row]}: item {values[place]}, expected 1 to {limits.items}"
        )
    most = min(limits.candidates, limits.items - 1)
    for row in np.flatnonzero((candidates < 0) | (candidates > most))[:1]:
        raise RequestError(f"row {row}, column candidates: {candidates[row]}, expected 0 to {most}")


def _encode_arrow(answers: list[RowAnswer], state_dimension: int) -> bytes:
    lengths = np.array([len(answer.states) for answer in answers], np.int32)
    counts = [np.full(len(answer.candidates), answer.candidates.shape[1], np.int32) for answer in answers]
    inner, outer = _offsets(_joined(counts, np.int32)), _offsets(lengths - 1)

    def flat(name: str, dtype: type) -> pa.Array:
        return pa.array(_joined([getattr(answer, name).reshape(-1) for answer in answers], dtype))

    def nested(name: str, dtype: type) -> pa.Array:
        return pa.ListArray.from_arrays(outer, pa.ListArray.from_arrays(inner, flat(name, dtype)))

    vectors = pa.FixedSizeListArray.from_arrays(flat("states", np.float16), state_dimension)
    table = pa.table(
        {
            "states": pa.ListArray.from_arrays(_offsets(lengths), vectors),
            "rewards": pa.ListArray.from_arrays(outer, flat("rewards", np.float32)),
            "rewardSpreads": pa.ListArray.from_arrays(outer, flat("reward_spreads", np.float32)),
            "candidates": nested("candidates", np.int32),
            "candidateRewards": nested("candidate_rewards", np.float32),
            "candidateRewardSpreads": nested("candidate_reward_spreads", np.float32),
            "candidateChances": nested("candidate_chances", np.float32),
        }
    )
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _joined(parts: list[np.ndarray], dtype: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, dtype), *parts])


def _encode_json(answers: list[RowAnswer]) -> bytes:
    document = {
        "states": [answer.states.tolist() for answer in answers],
        "rewards": [answer.rewards.tolist() for answer in answers],
        "rewardSpreads": [answer.reward_spreads.tolist() for answer in answers],
        "candidates": [answer.candidates.tolist() for answer in answers],
        "candidateRewards": [answer.candidate_rewards.tolist() for answer in answers],
        "candidateRewardSpreads": [answer.candidate_reward_spreads.tolist() for answer in answers],
        "candidateChances": [answer.candidate_chances.tolist() for answer in answers],
    }
    return json.dumps(document).encode()


def _offsets(lengths: np.ndarray) -> pa.Array:
    return pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
