import { Readable } from 'node:stream';
import { gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ValidationError } from '#lib/contracts/errors.ts';
import { beginningOf, compressed, gunzipped, uncompressed } from '#lib/interactions/packing.ts';

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

describe('Functions: uncompressed, compressed', () => {
  const text = 'one line\n'.repeat(1000);

  it('read and write either compression', async () => {
    const gzip = await bytesOf(compressed([text], 'gzip'));
    const zstd = await bytesOf(compressed([Buffer.from(text)], 'zstd'));

    expect([gunzipSync(gzip).toString(), zstdDecompressSync(zstd).toString()]).toEqual([
      text,
      text,
    ]);
    for (const [bytes, compression] of [
      [gzip, 'gzip'],
      [zstd, 'zstd'],
    ] as const) {
      const read = await bytesOf(uncompressed(Readable.from([bytes]), compression, 'a'));
      expect(read.toString()).toBe(text);
    }
  });

  it.each([
    ['gzip', gzipSync(text)],
    ['zstd', zstdCompressSync(text)],
  ] as const)('say which %s data are damaged, and why', async (compression, bytes) => {
    const reading = bytesOf(
      uncompressed(Readable.from([bytes.subarray(0, -5)]), compression, 'logs/a'),
    );

    await expect(reading).rejects.toThrow(ValidationError);
    await expect(reading).rejects.toThrow(
      new RegExp(
        `^logs/a is not a complete ${compression} file, or has something else behind it \\(.+\\)\\.$`,
      ),
    );
    await expect(reading).rejects.toMatchObject({ cause: { code: expect.stringMatching(/^Z/) } });
  });
});

describe('Function: uncompressed', () => {
  it('passes on what a source fails with, whatever that is called', async () => {
    const failure = Object.assign(new Error('gone'), { code: 'XZ_GONE' });
    const source = new Readable({ read: () => source.destroy(failure) });

    await expect(bytesOf(uncompressed(source, 'gzip', 'logs/a'))).rejects.toBe(failure);
  });
});

describe('Function: gunzipped', () => {
  const MEBIBYTE = 1024 * 1024;
  const read = async (content: Buffer, limits: Partial<Parameters<typeof gunzipped>[2]>) => {
    const source = Readable.from([gzipSync(content)]);
    const all = { maximumUnpackedBytes: 1e9, maximumExpansion: 1e9, ...limits };
    return (await bytesOf(gunzipped(source, 'logs/a.gz', all))).length;
  };

  it('takes just as much as is allowed', async () => {
    const content = Buffer.alloc(2 * MEBIBYTE + 1, 'ab');

    expect(await read(content, { maximumUnpackedBytes: content.length })).toBe(content.length);
    await expect(read(content, { maximumUnpackedBytes: content.length - 1 })).rejects.toThrow(
      'logs/a.gz has more than 2 MiB uncompressed, which is the most that is read. Split it.',
    );
  });

  it('asks from 4 MiB on how far data expand', async () => {
    const four = Buffer.alloc(4 * MEBIBYTE, 'ab');
    const more = Buffer.alloc(4 * MEBIBYTE + 1, 'ab');
    const packed = gzipSync(more).length;

    expect(await read(four, { maximumExpansion: 2 })).toBe(four.length);
    expect(await read(more, { maximumExpansion: Math.ceil(more.length / packed) })).toBe(
      more.length,
    );
    await expect(
      read(more, { maximumExpansion: Math.floor(more.length / packed) - 1 }),
    ).rejects.toThrow(
      /^logs\/a\.gz becomes more than \d+ times as large when uncompressed, as no log does\. Upload it uncompressed, if it is one\.$/,
    );
  });
});

describe('Function: beginningOf', () => {
  it.each([
    [0, 'ab', false],
    [1, 'ab', false],
    [2, 'abcd', false],
    [5, 'abcdef', false],
    [6, 'abcdef', true],
    [9, 'abcdef', true],
  ])('has more than %i bytes, or all', async (bytes, head, isWhole) => {
    let isEnded = false;
    async function* chunks() {
      try {
        for (const text of ['ab', 'cd', 'ef']) yield Buffer.from(text);
      } finally {
        isEnded = true;
      }
    }

    const found = await beginningOf(chunks(), bytes);

    expect([found.head.toString(), found.isWhole]).toEqual([head, isWhole]);
    expect(isEnded).toBe(true);
  });
});
