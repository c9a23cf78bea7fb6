"""Writes the Parquet files of test/lib/interactions/parquet.test.ts: .venv/bin/python test/reference/parquet.py"""

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

golden = Path(__file__).parent / "golden" / "parquet"
golden.mkdir(parents=True, exist_ok=True)
noon = datetime(2026, 11, 23, 12, 0, 0, 250_000, tzinfo=UTC)
table = pa.table(
    {
        "user_id": pa.array([76_561_197_980_428_150, 76_561_197_980_428_151, 17, None], pa.int64()),
        "item_id": pa.array(["a", "b", "a", "c"]).dictionary_encode(),
        "timestamp": pa.array([noon, noon, None, noon], pa.timestamp("us", tz="UTC")),
        "value": pa.array([1.5, None, float("nan"), 2.0], pa.float64()),
        "day": pa.array([date(2026, 11, 23)] * 4, pa.date32()),
        "tags": pa.array([["x", "y"], [], None, ["z"]], pa.list_(pa.string())),
    }
)
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(table, golden / f"{codec}.parquet", compression=codec, row_group_size=3)

# Text in bytes of a fixed number, of which nothing says that they are text.
fixed = pa.table({"item_id": pa.array(["né1".encode(), b"abcd"], pa.binary(4))})
pq.write_table(fixed, golden / "bytes.parquet")
