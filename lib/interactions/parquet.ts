import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type RowGroup,
} from 'hyparquet';
import { ValidationError } from '#lib/contracts/errors.ts';

/** A file of which any bytes can be asked for. */
export type RandomAccess = AsyncBuffer;

export interface ParquetLimits {
  /** Bytes of all rows, uncompressed. */
  readonly maximumUnpackedBytes: number;
  /** Bytes of the columns that are read of one row group, uncompressed: that much is in memory at once. */
  readonly maximumRowGroupBytes: number;
}

const MEBIBYTE = 1024 * 1024;
/** Rows that are handed on together. */
const BATCH = 4096;

/** What Parquet files are compressed with besides Snappy, which hyparquet has. */
const compressors: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
  ZSTD: (input) => zstdDecompressSync(input),
};

/**
 * Reads a Parquet file (https://parquet.apache.org/docs/file-format/), row group by row group, as JSON lines: the rows of
 * a table as the one reader of uploads takes them. Whole numbers keep all their digits, times become ISO 8601.
 *
 * @param wanted top-level columns to read; undefined for all
 * @param where what is read, for messages
 * @throws ValidationError when it is no Parquet file, damaged, more than the limits allow, or compressed with something
 *   that cannot be read
 */
export async function* parquetLines(
  source: RandomAccess,
  where: string,
  wanted: ((column: string) => boolean) | undefined,
  limits: ParquetLimits | undefined,
): AsyncGenerator<Uint8Array> {
  const file = watched(source);
  const metadata = await readable(where, () => parquetMetadataAsync(file));
  const columns = columnsOf(metadata).filter((name) => wanted?.(name) ?? true);
  if (limits) checkLimits(metadata, columns, where, limits);
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const options = { file, metadata, columns, rowStart, rowEnd, compressors };
    const rows = await readable(where, () => parquetReadObjects(options));
    for (let at = 0; at < rows.length; at += BATCH) {
      yield Buffer.from(
        rows
          .slice(at, at + BATCH)
          .map(jsonLine)
          .join(''),
      );
    }
    rowStart = rowEnd;
  }
}

/** The names of a file's top-level columns. */
function columnsOf({ schema, row_groups }: FileMetaData): string[] {
  const paths = row_groups[0]?.columns.map(({ meta_data }) => meta_data?.path_in_schema[0]);
  const names = paths ?? schema.slice(1).map(({ name }) => name);
  return [...new Set(names)].filter((name) => name !== undefined);
}

/** What storage failed with while a file was read: no fault of the file. */
class StorageFailure extends Error {}

/** A file whose own failures can be told from those of its content. */
const watched = ({ byteLength, slice }: RandomAccess): RandomAccess => ({
  byteLength,
  async slice(start, end) {
    try {
      return await slice(start, end);
    } catch (cause) {
      throw new StorageFailure('reading failed', { cause });
    }
  },
});

async function readable<Result>(where: string, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof StorageFailure) throw error.cause;
    throw new ValidationError(
      `${where} cannot be read as Parquet (${(error as Error).message}). Write it again; Snappy, gzip, Brotli, Zstandard and no compression are read.`,
      { cause: error },
    );
  }
}

function checkLimits(
  { row_groups }: FileMetaData,
  columns: readonly string[],
  where: string,
  { maximumUnpackedBytes, maximumRowGroupBytes }: ParquetLimits,
): void {
  const sizes = row_groups.map((group) => bytesOf(group, columns));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total > maximumUnpackedBytes) {
    throw new ValidationError(
      `${where} has ${mebibytes(total)} uncompressed; at most ${mebibytes(maximumUnpackedBytes)} (interactions.maximumUnpackedBytes) are read. Split it.`,
    );
  }
  const largest = Math.max(0, ...sizes);
  if (largest > maximumRowGroupBytes) {
    throw new ValidationError(
      `${where} has a row group of ${mebibytes(largest)} uncompressed; at most ${mebibytes(maximumRowGroupBytes)} (interactions.maximumRowGroupBytes) are read at once. Write smaller row groups (pandas and pyarrow: row_group_size=100000; Spark: parquet.block.size).`,
    );
  }
}

const bytesOf = ({ columns }: RowGroup, wanted: readonly string[]): number =>
  columns
    .filter(({ meta_data }) => wanted.includes(meta_data?.path_in_schema[0] ?? ''))
    .reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);

const mebibytes = (bytes: number) => `${Math.ceil(bytes / MEBIBYTE).toLocaleString('en-US')} MiB`;

/** One row as a line of JSON. */
function jsonLine(row: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify(row, plain)}\n`;
}

/** Values that JSON has no word for: 64-bit numbers keep their digits as text, bytes become text. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : String(value);
  }
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : value;
}
