import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parquetLines, type RandomAccess } from '#lib/interactions/parquet.ts';

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
