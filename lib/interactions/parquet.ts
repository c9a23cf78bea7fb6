import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type RowGroup,
  snappyUncompress,
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
/** Bytes of lines that are handed on together. */
const BATCH = 256 * 1024;

/** A value takes at least so many bytes once it is read, however few say in the file that it repeats. */
const VALUE_BYTES = 4;

/** zlib takes no limit of nothing. */
const atMost = (bytes: number) => ({ maxOutputLength: Math.max(1, bytes) });

/**
 * What uncompresses the pages of Parquet files. A page says of itself how large it becomes, and may say less than is true, so
 * that none becomes larger than it says, nor than the limit.
 */
export function pageReaders(limits: ParquetLimits | undefined): Compressors {
  const within =
    (unpack: (input: Uint8Array, bytes: number) => Uint8Array) =>
    (input: Uint8Array, bytes: number) => {
      if (limits && bytes > limits.maximumRowGroupBytes) {
        throw new Error(
          `a page of ${mebibytes(bytes)} uncompressed, more than interactions.maximumRowGroupBytes`,
        );
      }
      return unpack(input, bytes);
    };
  return {
    SNAPPY: within((input, bytes) => {
      const output = new Uint8Array(bytes);
      snappyUncompress(input, output);
      return output;
    }),
    GZIP: within((input, bytes) => gunzipSync(input, atMost(bytes))),
    BROTLI: within((input, bytes) => brotliDecompressSync(input, atMost(bytes))),
    ZSTD: within((input, bytes) => zstdDecompressSync(input, atMost(bytes))),
  };
}

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
  const compressors = pageReaders(limits);
  let [rowStart, unpacked] = [0, 0];
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const options = { file, metadata, columns, rowStart, rowEnd, compressors };
    const rows = await readable(where, () => parquetReadObjects(options));
    for (const lines of batches(rows)) {
      unpacked += lines.byteLength;
      if (limits && unpacked > limits.maximumUnpackedBytes) throw tooMuch(where, unpacked, limits);
      yield lines;
    }
    rowStart = rowEnd;
  }
}

/** Rows as lines of JSON, a few at a time: one value may stand in all of them, and be long. */
function* batches(rows: readonly Record<string, unknown>[]): Generator<Uint8Array> {
  let lines: string[] = [];
  let length = 0;
  for (const row of rows) {
    const line = jsonLine(row);
    lines.push(line);
    length += line.length;
    if (length < BATCH) continue;
    yield Buffer.from(lines.join(''));
    [lines, length] = [[], 0];
  }
  if (length > 0) yield Buffer.from(lines.join(''));
}

const tooMuch = (where: string, bytes: number, { maximumUnpackedBytes }: ParquetLimits) =>
  new ValidationError(
    `${where} has ${mebibytes(bytes)} uncompressed; at most ${mebibytes(maximumUnpackedBytes)} (interactions.maximumUnpackedBytes) are read. Split it.`,
  );

/** The names of a file's top-level columns; none where it has no rows. */
function columnsOf({ row_groups }: FileMetaData): string[] {
  const names = row_groups[0]?.columns.map(({ meta_data }) => meta_data?.path_in_schema[0]);
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
      throw new StorageFailure(undefined, { cause });
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
  limits: ParquetLimits,
): void {
  const { maximumUnpackedBytes, maximumRowGroupBytes } = limits;
  const sizes = row_groups.map((group) => bytesOf(group, columns));
  const total = sizes.reduce((a, b) => a + b, 0);
  if (total > maximumUnpackedBytes) throw tooMuch(where, total, limits);
  const largest = Math.max(0, ...sizes);
  if (largest > maximumRowGroupBytes) {
    throw new ValidationError(
      `${where} has a row group of ${mebibytes(largest)} uncompressed; at most ${mebibytes(maximumRowGroupBytes)} (interactions.maximumRowGroupBytes) are read at once. Write smaller row groups (pandas and pyarrow: row_group_size=100000; Spark: parquet.block.size).`,
    );
  }
}

/** What is in memory of a row group: no less than its values, of which a few bytes may say that they repeat. */
const bytesOf = ({ columns, num_rows }: RowGroup, wanted: readonly string[]): number =>
  columns
    .filter(({ meta_data }) => wanted.includes(meta_data?.path_in_schema[0] ?? ''))
    .reduce((sum, { meta_data }) => {
      const values = Math.max(Number(num_rows), Number(meta_data?.num_values ?? 0));
      return sum + Math.max(Number(meta_data?.total_uncompressed_size ?? 0), VALUE_BYTES * values);
    }, 0);

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
  return value instanceof Uint8Array ? Buffer.from(value).toString() : value;
}
