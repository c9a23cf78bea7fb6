/*
 * Arrow IPC streams of several record batches, put together from streams of one batch each and the same columns, so that
 * nobody has to hold all of a long one. A stream begins with its schema: a marker, the length of what follows (int32 each),
 * and so many bytes (https://arrow.apache.org/docs/format/Columnar.html#encapsulated-message-format).
 */

const endOfStream = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** Cuts rows into ranges of at most `size`; of no rows, one that is empty. */
function* ranges(rows: number, size: number): Generator<readonly [number, number]> {
  for (let begin = 0; begin === 0 || begin < rows; begin += size) {
    yield [begin, Math.min(rows, begin + size)];
  }
}

/** @param streams at least one */
export function joinStreams(streams: Iterable<Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const stream of streams) parts.push(withoutFrame(stream, parts.length === 0));
  return Buffer.concat([...parts, endOfStream]);
}

/** The same as they come. */
export async function* joinStreamsLive(
  streams: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  for await (const stream of streams) {
    yield withoutFrame(stream, isFirst);
    isFirst = false;
  }
  yield endOfStream;
}

/** How a table is cut into batches. */
export interface Batching<T> {
  /** Rows of a batch. */
  readonly size: number;
  rows(table: T): number;
  slice(table: T, begin: number, end: number): T;
  /** Tables in order, one behind the other. */
  join(tables: readonly T[]): T;
}

/** Cuts tables, as they come one behind the other, into the batches that all of them together are cut into. */
export async function* inBatches<T>(
  tables: AsyncIterable<T>,
  { size, rows, slice, join }: Batching<T>,
): AsyncGenerator<T> {
  let rest: T | undefined;
  let isCut = false;
  for await (const table of tables) {
    const all = rest === undefined ? table : join([rest, table]);
    let begin = 0;
    for (; rows(all) - begin >= size; begin += size) {
      yield slice(all, begin, begin + size);
      isCut = true;
    }
    rest = slice(all, begin, rows(all));
  }
  if (rest !== undefined && (!isCut || rows(rest) > 0)) yield rest;
}

/** The batches of a table that is all there. */
export const batchesOf = <T>(table: T, { size, rows, slice }: Omit<Batching<T>, 'join'>): T[] =>
  Array.from(ranges(rows(table), size), ([begin, end]) => slice(table, begin, end));

/** Without what ends the stream, and without the schema unless it is the first. */
function withoutFrame(stream: Uint8Array, isFirst: boolean): Uint8Array {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const schemaBytes = 8 + view.getInt32(4, true);
  return stream.subarray(isFirst ? 0 : schemaBytes, stream.length - endOfStream.length);
}
