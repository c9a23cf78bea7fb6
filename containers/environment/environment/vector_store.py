"""Raw vectors of sentences, kept by content, so that none is computed twice.

A folder of spaces (see `sentence_encoder.space`), in each `part-<hash>.arrow` with columns `sentence`, the SHA-256 of a
sentence, and `vector`. A part is named by its content; parts are added and never changed.
"""

import hashlib
import os
from pathlib import Path

import numpy as np
import pyarrow as pa

Vectors = dict[bytes, np.ndarray]
"""SHA-256 of a sentence to its vector [hidden] float16."""


def sentence_key(sentence: str) -> bytes:
    """What a sentence's vector is kept under."""
    return hashlib.sha256(sentence.encode("utf8", "surrogatepass")).digest()


def read_store(folder: Path, space: str, hidden: int) -> Vectors:
    """All vectors of a space. A part that cannot be used is left out, with a line that says so: its sentences are read again."""
    vectors: Vectors = {}
    for path in sorted((folder / space).glob("part-*.arrow")):
        try:
            with pa.memory_map(str(path)) as source, pa.ipc.open_stream(source) as reader:
                table = reader.read_all()
            if table.schema != _schema(hidden):
                raise pa.ArrowInvalid(f"its columns are {table.schema}")
            keys = table["sentence"].to_pylist()
            flat = table["vector"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
            values = flat.reshape(-1, hidden)  # [sentences, hidden]
        except (pa.ArrowInvalid, OSError, ValueError) as error:
            print(f"Store {path} cannot be read and is not used: {error}", flush=True)
            continue
        vectors.update(zip(keys, values))
    return vectors


def write_part(folder: Path, space: str, vectors: Vectors) -> Path:
    """Adds a part with these vectors, at least one; writing the same again changes nothing."""
    keys = sorted(vectors)
    values = np.stack([vectors[key] for key in keys])  # [sentences, hidden]
    table = pa.table(
        [
            pa.array(keys, pa.binary(32)),
            pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1]),
        ],
        schema=_schema(values.shape[1]),
    )
    digest = hashlib.sha256(b"".join(keys))
    digest.update(values.tobytes())
    path = folder / space / f"part-{digest.hexdigest()[:16]}.arrow"
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".partial")
    with pa.OSFile(str(aside), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    os.replace(aside, path)
    return path


def _schema(hidden: int) -> pa.Schema:
    return pa.schema([("sentence", pa.binary(32)), ("vector", pa.list_(pa.float16(), hidden))])
