import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { pageReaders, parquetLines, type RandomAccess } from '#lib/interactions/parquet.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

// Written by PyArrow: test/reference/parquet.py.
const folder = join(import.meta.dirname, '../../reference/golden/parquet');
const bytesOf = (codec: string) => readFileSync(join(folder, `${codec}.parquet`));

const inMemory = (bytes: Uint8Array): RandomAccess => ({
  byteLength: bytes.byteLength,
  slice: async (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
});

async function read(
  file: RandomAccess,
  wanted?: (name: string) => boolean,
  limits?: Parameters<typeof parquetLines>[3],
): Promise<string[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of parquetLines(file, 'a.parquet', wanted, limits)) chunks.push(chunk);
  return Buffer.concat(chunks).toString().trimEnd().split('\n');
}

const noon = '2026-11-23T12:00:00.250Z';
const midnight = '2026-11-23T00:00:00.000Z';

/** What DuckDB writes of a query, as one row group. */
async function written(query: string): Promise<Buffer> {
  const file = join(temporaryFolder('parquet'), 'a.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (${query}) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 100000000)`);
  connection.closeSync();
  return readFileSync(file);
}

const zeros = Buffer.alloc(1e8);
const pagesOfZeros = [
  ['GZIP', gzipSync(zeros)],
  ['BROTLI', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ['ZSTD', zstdCompressSync(zeros)],
] as const;

describe('Function: parquetLines', () => {
  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd'])(
    'reads what %s compressed',
    async (codec) => {
      const lines = await read(inMemory(bytesOf(codec)));

      expect(lines.map((line) => JSON.parse(line))).toStrictEqual([
        // 64-bit numbers keep their digits, as text where a JSON number would lose them.
        {
          user_id: '76561197980428150',
          item_id: 'a',
          timestamp: noon,
          value: 1.5,
          day: midnight,
          tags: ['x', 'y'],
        },
        {
          user_id: '76561197980428151',
          item_id: 'b',
          timestamp: noon,
          value: null,
          day: midnight,
          tags: [],
        },
        { user_id: 17, item_id: 'a', timestamp: null, value: null, day: midnight, tags: null },
        { user_id: null, item_id: 'c', timestamp: noon, value: 2, day: midnight, tags: ['z'] },
      ]);
    },
  );

  it('reads bytes as the text that they are', async () => {
    expect(await read(inMemory(bytesOf('bytes')))).toEqual([
      '{"item_id":"né1"}',
      '{"item_id":"abcd"}',
    ]);
  });

  it('reads no other columns than those that are wanted', async () => {
    const lines = await read(inMemory(bytesOf('snappy')), (name) => name === 'item_id');

    expect(lines).toStrictEqual(['a', 'b', 'a', 'c'].map((item_id) => JSON.stringify({ item_id })));
  });

  it.each([
    [
      'of another kind',
      Buffer.from('user_id,item_id\n1,2\n'),
      /a\.parquet cannot be read as Parquet/,
    ],
    ['cut off', bytesOf('zstd').subarray(0, 900), /cannot be read as Parquet/],
    ['compressed with LZ4', bytesOf('lz4'), /LZ4.*Snappy, gzip, Brotli, Zstandard/],
    [
      'damaged',
      Buffer.from(bytesOf('gzip').map((byte, at) => (at > 20 && at < 60 ? 255 : byte))),
      /cannot be read as Parquet/,
    ],
  ])('refuses a file that is %s', async (_, bytes, message) => {
    await expect(read(inMemory(bytes))).rejects.toThrow(message);
    await expect(read(inMemory(bytes))).rejects.toMatchObject({ code: 'ValidationError' });
  });

  it('refuses a few hundred bytes that say of one row that it repeats six million times', async () => {
    // Arrange
    const bomb = await written(
      "SELECT 'u' AS user_id, 'i' AS item_id, 1 AS timestamp FROM range(6000000)",
    );
    const { maximumUnpackedBytes, maximumRowGroupBytes } = interactionsConfig.parse({});
    const limits = { maximumUnpackedBytes, maximumRowGroupBytes };
    // Assess
    expect(bomb.length).toBeLessThan(1000);
    await expect(read(inMemory(bomb), undefined, limits)).rejects.toThrow(
      /a row group of 69 MiB uncompressed; at most 64 MiB/,
    );
    const wide = { ...limits, maximumRowGroupBytes: 1e12, maximumUnpackedBytes: 6e7 };
    await expect(read(inMemory(bomb), undefined, wide)).rejects.toThrow(/69 MiB .* Split it/);
  });

  it('refuses a few kilobytes whose long value stands in every row, before they are all in memory', async () => {
    // Arrange
    const bomb = await written(
      "SELECT repeat('x', 1000000) AS user_id, 'i' AS item_id, 1 AS timestamp FROM range(300)",
    );
    const limits = { maximumUnpackedBytes: 100e6, maximumRowGroupBytes: 64e6 };
    const handedOn: number[] = [];
    // Act
    const reading = (async () => {
      for await (const { byteLength } of parquetLines(
        inMemory(bomb),
        'a.parquet',
        undefined,
        limits,
      ))
        handedOn.push(byteLength);
    })();
    // Assess
    await expect(reading).rejects.toThrow(/^a\.parquet has 96 MiB uncompressed; at most 96 MiB/);
    expect(bomb.length).toBeLessThan(100_000);
    expect(Math.max(...handedOn)).toBeLessThan(2e6);
  });

  it('hands on lines of 256 KiB and more together, each once, and nothing after the last', async () => {
    // Arrange
    const LINE = 1024;
    const value = 'x'.repeat(LINE - '{"item_id":""}\n'.length);
    const line = `${JSON.stringify({ item_id: value })}\n`;
    const sizesOf = async (rows: number) => {
      const file = inMemory(await written(`SELECT '${value}' AS item_id FROM range(${rows})`));
      const texts: string[] = [];
      for await (const chunk of parquetLines(file, 'a.parquet', undefined, undefined))
        texts.push(String(chunk));
      expect(texts.join('')).toBe(line.repeat(rows));
      return texts.map((text) => text.length / LINE);
    };

    // Assess
    expect(await sizesOf(300)).toEqual([256, 44]);
    expect(await sizesOf(512)).toEqual([256, 256]);
    expect(await sizesOf(0)).toEqual([]);
  });

  it('counts what lists hold, however few bytes say so, and lines to their last byte', async () => {
    // Arrange
    const lists = inMemory(await written('SELECT repeat([7], 1000) AS tags FROM range(100)'));
    const within = (maximumRowGroupBytes: number, maximumUnpackedBytes: number) =>
      read(lists, undefined, { maximumRowGroupBytes, maximumUnpackedBytes });
    const inMemoryBytes = 4 * 100 * 1000;

    // Assess
    expect(lists.byteLength).toBeLessThan(10_000);
    expect(await within(inMemoryBytes, 1e9)).toHaveLength(100);
    await expect(within(inMemoryBytes - 1, 1e9)).rejects.toThrow(
      'a.parquet has a row group of 1 MiB uncompressed; at most 1 MiB (interactions.maximumRowGroupBytes) are read at once. ' +
        'Write smaller row groups (pandas and pyarrow: row_group_size=100000; Spark: parquet.block.size).',
    );
    const texts = inMemory(await written("SELECT repeat('x', 1000) AS user_id FROM range(400)"));
    const unpacked = (await read(texts)).join('\n').length + 1;
    const upTo = (maximumUnpackedBytes: number) =>
      read(texts, undefined, { maximumRowGroupBytes: 1e9, maximumUnpackedBytes });
    expect(await upTo(unpacked)).toHaveLength(400);
    await expect(upTo(unpacked - 1)).rejects.toThrow('a.parquet has 1 MiB uncompressed');
  });

  it('passes on what storage fails with', async () => {
    const gone: RandomAccess = {
      byteLength: 1000,
      slice: () => Promise.reject(new Error('parquet storage is gone')),
    };

    await expect(read(gone)).rejects.toThrow(/^parquet storage is gone$/);
  });

  it.each([
    [
      { maximumUnpackedBytes: 100, maximumRowGroupBytes: 1e9 },
      /maximumUnpackedBytes\) are read\. Split it/,
    ],
    [{ maximumUnpackedBytes: 1e9, maximumRowGroupBytes: 100 }, /row_group_size=100000/],
  ])('refuses what is more than %j', async (limits, message) => {
    await expect(read(inMemory(bytesOf('none')), undefined, limits)).rejects.toThrow(message);
  });
});

describe('Function: pageReaders', () => {
  const limits = { maximumUnpackedBytes: 1e9, maximumRowGroupBytes: 1e6 };

  it.each(pagesOfZeros)('let no page of %s become larger than it says', (codec, page) => {
    expect(() => pageReaders(limits)[codec]!(page, 1000)).toThrow(/larger than 1000 bytes/);
    expect(pageReaders(undefined)[codec]!(page, 1e8)).toHaveLength(1e8);
  });

  it.each(['SNAPPY', 'GZIP', 'BROTLI', 'ZSTD'] as const)(
    'begin no page of %s that says it is larger than the limit',
    (codec) => {
      expect(() => pageReaders(limits)[codec]!(Buffer.alloc(10), 2 ** 31 - 1)).toThrow(
        /a page of 2,048 MiB uncompressed/,
      );
    },
  );
});
