"""Reads an Arrow IPC stream that a stranger sent: nothing is unpacked before its size is known to be allowed.

Arrow's own reader unpacks compressed buffers to whatever length they claim, follows offsets wherever they point, and has
types whose values are many times what is sent (dictionaries, runs, views). So the schema is compared first, then every
record batch's own description is read, then the batch, and its offsets are checked before anybody follows them.
Layout: https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format, and Message.fbs there.
"""

import struct
from collections.abc import Callable, Iterator

import pyarrow as pa

from .errors import RequestError

MAXIMUM_SCHEMA_BYTES = 1 << 14
MAXIMUM_BATCHES = 1 << 12
COMPRESSED_LENGTH = struct.Struct("<q")
"""In front of a compressed buffer: its length when unpacked; -1 says that it is as it is."""


def read_stream(body: bytes, check: Callable[[pa.Schema], None], maximum_rows: int, maximum_bytes: int) -> pa.Table:
    """The stream's batches as one table whose buffers are safe to follow.

    Args:
        body: the stream.
        check: called with the schema before any batch is read; raises RequestError for one that is not wanted.
        maximum_rows: of all batches.
        maximum_bytes: of all buffers when unpacked.

    Raises:
        RequestError: 413 for too many rows or bytes, 400 for anything else.
    """
    try:
        messages = _messages(body)
        schema = _read_schema(next(messages, None))
        check(schema)
        rows = size = 0
        batches: list[pa.RecordBatch] = []
        for message in messages:
            if message.type != "record batch":
                raise RequestError(f"body: a message of type {message.type!r}; expected record batches alone")
            described, unpacked = describe(message.metadata, message.body)
            rows += described
            size += unpacked
            if rows > maximum_rows:
                raise RequestError(f"the body has more than {maximum_rows} rows: send fewer", 413)
            if size > maximum_bytes:
                raise RequestError(f"the body exceeds {maximum_bytes} bytes when unpacked: send fewer rows", 413)
            if len(batches) == MAXIMUM_BATCHES:
                raise RequestError(f"the body has more than {MAXIMUM_BATCHES} record batches: send fewer", 413)
            batch = pa.ipc.read_record_batch(message, schema)
            batch.validate(full=True)
            batches.append(batch)
        return pa.Table.from_batches(batches, schema)
    except (pa.ArrowException, OSError, ValueError, KeyError, struct.error, OverflowError) as error:
        # ValueError and KeyError: what pyarrow makes of Arrow's Invalid and KeyError, and of names that are no UTF-8.
        raise RequestError(f"body is not an Arrow IPC stream: {str(error)[:200]}") from None


def _messages(body: bytes) -> Iterator[pa.ipc.Message]:
    reader = pa.ipc.MessageReader.open_stream(pa.py_buffer(body))
    while True:
        try:
            yield reader.read_next_message()
        except StopIteration:
            return


def _read_schema(message: pa.ipc.Message | None) -> pa.Schema:
    if message is None or message.type != "schema":
        raise RequestError("body is not an Arrow IPC stream: it does not begin with a schema")
    if message.metadata.size > MAXIMUM_SCHEMA_BYTES:
        raise RequestError(f"body: its schema has {message.metadata.size} bytes, at most {MAXIMUM_SCHEMA_BYTES} are taken")
    return pa.ipc.read_schema(message)


def describe(metadata: pa.Buffer, body: pa.Buffer) -> tuple[int, int]:
    """A record batch's own description: its rows, and the bytes of its buffers when unpacked.

    Raises:
        RequestError: a buffer that lies outside the body or claims a length below zero.
        ValueError, struct.error: the description is damaged.
    """
    batch = _Table.root(metadata.to_pybytes()).table(2)  # Message.header
    rows = batch.integer(0)
    if rows < 0:
        raise RequestError(f"body: a record batch of {rows} rows")
    compressed = batch.has(3)
    size = 0
    for offset, length in batch.pairs(2):
        if offset < 0 or length < 0 or offset + length > body.size:
            raise RequestError("body: a buffer lies outside of its record batch")
        if compressed and length > 0:
            (unpacked,) = COMPRESSED_LENGTH.unpack_from(body, offset)
            if unpacked < -1:
                raise RequestError(f"body: a compressed buffer claims {unpacked} bytes")
            length = length - COMPRESSED_LENGTH.size if unpacked == -1 else unpacked
        size += length
    return rows, size


class _Table:
    """A table of a flatbuffer (https://flatbuffers.dev/internals): fields by number, through its list of offsets."""

    def __init__(self, data: bytes, position: int) -> None:
        self.data = data
        self.position = position
        (distance,) = struct.unpack_from("<i", data, position)
        self.fields = position - distance
        (self.fields_size,) = struct.unpack_from("<H", data, self.fields)

    @classmethod
    def root(cls, data: bytes) -> "_Table":
        return cls(data, struct.unpack_from("<I", data, 0)[0])

    def has(self, field: int) -> bool:
        return self._place(field) != 0

    def integer(self, field: int) -> int:
        """An int64; 0 where it is left out."""
        return struct.unpack_from("<q", self.data, self.position + self._place(field))[0] if self.has(field) else 0

    def table(self, field: int) -> "_Table":
        if not self.has(field):
            raise ValueError(f"field {field} of its description is missing")
        return _Table(self.data, self._target(field))

    def pairs(self, field: int) -> Iterator[tuple[int, int]]:
        """A list of structures of two int64."""
        if not self.has(field):
            return
        start = self._target(field)
        (count,) = struct.unpack_from("<I", self.data, start)
        for index in range(count):
            yield struct.unpack_from("<qq", self.data, start + 4 + 16 * index)

    def _place(self, field: int) -> int:
        at = 4 + 2 * field
        return struct.unpack_from("<H", self.data, self.fields + at)[0] if at + 2 <= self.fields_size else 0

    def _target(self, field: int) -> int:
        at = self.position + self._place(field)
        return at + struct.unpack_from("<I", self.data, at)[0]
