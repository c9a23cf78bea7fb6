import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, int32Column, utf8Column } from '#lib/columns/arrow-writing.ts';
import { batchesOf, inBatches, joinStreams, joinStreamsLive } from '#lib/columns/batches.ts';

const encode = (numbers: readonly number[]) =>
  encodeColumns([
    int32Column('number', Int32Array.from(numbers)),
    utf8Column('text', numbers.map(String)),
  ]);
const decode = (bytes: Uint8Array) => {
  const columns = decodeColumns(bytes, 'it');
  expect(columns.column('text').strings()).toStrictEqual(
    Array.from(columns.column('number').int32(), String),
  );
  return [...columns.column('number').int32()];
};
const batching = (size: number) => ({
  size,
  rows: (table: readonly number[]) => table.length,
  slice: (table: readonly number[], begin: number, end: number) => table.slice(begin, end),
  join: (tables: readonly (readonly number[])[]) => tables.flat(),
});
const tables = fc.array(fc.array(fc.integer({ min: 0, max: 999 }), { maxLength: 20 }), {
  minLength: 1,
  maxLength: 8,
});

async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of all) found.push(one);
  return found;
}

async function* live<T>(all: readonly T[]) {
  yield* all;
}

describe('Batches of a table', () => {
  it('are the same whether it is all there or comes piece by piece, and are one stream', async () => {
    await fc.assert(
      fc.asyncProperty(tables, fc.integer({ min: 1, max: 9 }), async (pieces, size) => {
        const whole = pieces.flat();

        const batches = batchesOf(whole, batching(size));
        const asTheyCome = await collect(inBatches(live(pieces), batching(size)));

        expect(asTheyCome).toStrictEqual(batches);
        expect(batches.flat()).toStrictEqual(whole);
        expect(batches.slice(0, -1).every((batch) => batch.length === size)).toBe(true);
        const stream = joinStreams(batches.map(encode));
        expect(decode(stream)).toStrictEqual(whole);
        const parts = await collect(joinStreamsLive(live(batches.map(encode))));
        expect(Buffer.concat(parts).equals(stream)).toBe(true);
      }),
    );
  });

  it('are the bytes of a stream of one batch where there is one', () => {
    expect(Buffer.compare(joinStreams([encode([1, 2, 3])]), encode([1, 2, 3]))).toBe(0);
  });
});
