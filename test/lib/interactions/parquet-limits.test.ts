import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetMetadataAsync } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { pageReaders, parquetLines, type RandomAccess } from '#lib/interactions/parquet.ts';

// Written by PyArrow: test/reference/parquet.py. Four rows in two row groups.
const bytes = readFileSync(
  join(import.meta.dirname, '../../reference/golden/parquet/none.parquet'),
);
const file: RandomAccess = {
  byteLength: bytes.byteLength,
  slice: async (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
};
const MEBIBYTE = 1024 * 1024;

async function linesOf(
  wanted: ((name: string) => boolean) | undefined,
  limits: Parameters<typeof parquetLines>[3],
): Promise<string> {
  let text = '';
  for await (const chunk of parquetLines(file, 'a.parquet', wanted, limits)) text += chunk;
  return text;
}

const { row_groups: groups } = await parquetMetadataAsync(file);

/** Bytes of a column's pages, uncompressed, by row group. */
const sizesOf = (column: string) =>
  groups.map(({ columns }) => {
    const own = columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === column);
    return Number(own!.meta_data!.total_uncompressed_size);
  });

/** The smallest limit that is not refused. */
async function least(
  limitsOf: (bytes: number) => Parameters<typeof parquetLines>[3],
  wanted?: (name: string) => boolean,
): Promise<number> {
  let [low, high] = [0, 4096];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const isEnough = await linesOf(wanted, limitsOf(middle)).then(
      () => true,
      () => false,
    );
    if (isEnough) high = middle;
    else low = middle;
  }
  return high;
}

describe('Function: parquetLines', () => {
  it('counts against a row group the columns that are read', async () => {
    const group = (maximumRowGroupBytes: number) => ({
      maximumRowGroupBytes,
      maximumUnpackedBytes: 1e9,
    });

    const one = await least(group, (name) => name === 'item_id');
    const other = await least(group, (name) => name === 'value');
    const both = await least(group, (name) => name === 'item_id' || name === 'value');

    expect(one).toBe(Math.max(...sizesOf('item_id')));
    expect(other).toBe(Math.max(...sizesOf('value')));
    expect(both).toBe(one + other);
    expect(await least(group, () => false)).toBe(1);
  });

  it('counts against an upload the row groups as they will be, and the lines as they are', async () => {
    const unpacked = (maximumUnpackedBytes: number) => ({
      maximumRowGroupBytes: 1e9,
      maximumUnpackedBytes,
    });
    for (const column of ['day', 'item_id', 'tags']) {
      const wanted = (name: string) => name === column;
      const { length } = await linesOf(wanted, undefined);
      const inFile = sizesOf(column).reduce((sum, size) => sum + size, 0);
      expect(await least(unpacked, wanted)).toBe(Math.max(length, inFile));
    }
    await expect(linesOf(undefined, unpacked(1))).rejects.toThrow(
      'a.parquet has 1 MiB uncompressed; at most 1 MiB (interactions.maximumUnpackedBytes) are read. Split it.',
    );
    await expect(linesOf(undefined, unpacked(1))).rejects.toThrow(ValidationError);
  });

  it('says what is wrong with a file, and why', async () => {
    const broken = { byteLength: 20, slice: async () => new ArrayBuffer(20) };
    const reading = parquetLines(broken, 'a.parquet', undefined, undefined).next();

    await expect(reading).rejects.toThrow(
      /^a\.parquet cannot be read as Parquet \(.+\)\. Write it again; Snappy, gzip, Brotli, Zstandard and no compression are read\.$/,
    );
    await expect(reading).rejects.toMatchObject({ cause: expect.any(Error) });
  });

  it('tells a storage that fails later on from a file that is damaged', async () => {
    const gone = new Error('storage is gone');
    let calls = 0;
    const failing: RandomAccess = {
      ...file,
      slice: (start, end) => (calls++ === 0 ? file.slice(start, end) : Promise.reject(gone)),
    };

    const reading = (async () => {
      for await (const _ of parquetLines(failing, 'a.parquet', undefined, undefined));
    })();

    await expect(reading).rejects.toBe(gone);
  });
});

describe('Function: pageReaders', () => {
  const limits = { maximumUnpackedBytes: 1e9, maximumRowGroupBytes: 1000 };

  it('take a page of just as many bytes as are allowed', () => {
    const page = gzipSync(Buffer.alloc(1001));

    expect(pageReaders(limits).GZIP!(gzipSync(Buffer.alloc(1000)), 1000)).toHaveLength(1000);
    expect(() => pageReaders(limits).GZIP!(page, 1001)).toThrow(
      'a page of 1 MiB uncompressed, more than interactions.maximumRowGroupBytes',
    );
    expect(() => pageReaders(limits).GZIP!(page, 3 * MEBIBYTE + 1)).toThrow('a page of 4 MiB');
    expect(pageReaders(undefined).GZIP!(page, 1001)).toHaveLength(1001);
  });

  it('take a page of nothing', () => {
    expect(pageReaders(limits).GZIP!(gzipSync(''), 0)).toHaveLength(0);
  });
});
