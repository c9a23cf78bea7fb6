import { Readable } from 'node:stream';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { UnavailableError, ValidationError } from '#lib/contracts/errors.ts';
import { gunzipped, gunzippedLines, gzipped } from '#lib/interactions/packing.ts';

const text = 'some text that is long enough to be worth it\n'.repeat(50_000);
const compressed = gzipSync(text, { level: 0 });

async function read(source: Readable): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of gunzipped(source, 'logs/a.gz')) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('Function: gunzipped', () => {
  it('uncompresses, also files that were put together', async () => {
    expect(await read(Readable.from([compressed]))).toBe(text);
    expect(await read(Readable.from([compressed, compressed]))).toBe(text + text);
  });

  it.each([
    ['ends early', compressed.subarray(0, compressed.length - 9)],
    ['is damaged', Buffer.from(compressed).fill(7, 20, 40)],
    ['is no gzip', Buffer.from('plain text')],
  ])('says so when the data %s', async (_, data) => {
    const reading = read(Readable.from([data]));

    await expect(reading).rejects.toThrow(ValidationError);
    await expect(reading).rejects.toThrow(/logs\/a\.gz is not a complete gzip file/);
  });

  it.each([
    ['ratio', { maximumExpansion: 200, maximumUnpackedBytes: 2 ** 40 }, /more than 200 times/, 5],
    ['size', { maximumExpansion: 2000, maximumUnpackedBytes: 2 ** 26 }, /more than 64 MiB/, 65],
  ])('refuses a bomb by its %s, long before its end', async (_, limits, message, mostMebibytes) => {
    // Arrange: files of zeros behind one another, as many as anybody reads.
    const zeros = gzipSync(Buffer.alloc(2 ** 26), { level: 9 });
    let sent = 0;
    const bomb = Readable.from(
      (function* () {
        for (let file = 0; file < 1000; file++) {
          sent += zeros.length;
          yield zeros;
        }
      })(),
    );
    // Act
    let unpacked = 0;
    const reading = (async () => {
      for await (const chunk of gunzipped(bomb, 'logs/bomb.gz', limits)) unpacked += chunk.length;
    })();
    // Assess
    await expect(reading).rejects.toThrow(ValidationError);
    await expect(reading).rejects.toThrow(message);
    expect(unpacked).toBeLessThanOrEqual(mostMebibytes * 2 ** 20);
    expect(sent).toBeLessThan(100 * zeros.length);
  });

  it('passes on what the source fails with', async () => {
    async function* failing() {
      yield compressed.subarray(0, 1000);
      throw new UnavailableError('the connection broke');
    }

    await expect(read(Readable.from(failing()))).rejects.toThrow(UnavailableError);
  });

  it('closes the source when reading stops', async () => {
    // Arrange
    const source = Readable.from(
      (function* () {
        for (;;) yield compressed;
      })(),
    );

    // Act
    for await (const chunk of gunzipped(source, 'logs/a.gz')) {
      if (chunk.length > 0) break;
    }
    await new Promise((resolve) => setImmediate(resolve));

    // Assess
    expect(source.destroyed).toBe(true);
  });
});

describe('Function: gunzippedLines', () => {
  const linesOf = async (source: Readable) => {
    const lines: string[] = [];
    for await (const line of gunzippedLines(source, 'a.gz')) lines.push(line);
    return lines;
  };

  it('gives the lines, whatever they end in', async () => {
    const bytes = gzipSync('one\ntwo\r\n\nthree');

    expect(await linesOf(Readable.from([bytes]))).toEqual(['one', 'two', '', 'three']);
  });

  it('says that the data end too early, to whoever reads', async () => {
    const reading = linesOf(Readable.from([compressed.subarray(0, compressed.length - 9)]));

    await expect(reading).rejects.toThrow(/^a\.gz is not a complete gzip file/);
  });

  it('passes on what the source fails with', async () => {
    async function* failing() {
      yield compressed.subarray(0, 1000);
      throw new UnavailableError('the connection broke');
    }

    await expect(linesOf(Readable.from(failing()))).rejects.toThrow(UnavailableError);
  });

  it('closes the source when reading stops', async () => {
    // Arrange
    const source = Readable.from(
      (function* () {
        for (;;) yield compressed;
      })(),
    );

    // Act
    for await (const line of gunzippedLines(source, 'a.gz')) if (line !== '') break;
    await new Promise((resolve) => setImmediate(resolve));

    // Assess
    expect(source.destroyed).toBe(true);
  });
});

describe('Function: gzipped', () => {
  const collect = async (stream: Readable) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  it('compresses text as it is made', async () => {
    const bytes = await collect(gzipped(['one\n', text, 'two\n']));

    expect(gunzipSync(bytes).toString()).toBe(`one\n${text}two\n`);
  });

  it('hands what the making fails with to the reader, who would wait for ever otherwise', async () => {
    function* failing() {
      yield text;
      throw new ValidationError('no more of it');
    }

    await expect(collect(gzipped(failing()))).rejects.toThrow(new ValidationError('no more of it'));
  });

  it('ends the making when reading stops', async () => {
    // Arrange
    let isEnded = false;
    function* endless() {
      try {
        for (let line = 0; ; line++) yield `${line}\n`.repeat(10_000);
      } finally {
        isEnded = true;
      }
    }

    // Act
    for await (const chunk of gzipped(endless())) {
      if (chunk.length > 0) break;
    }
    await new Promise((resolve) => setImmediate(resolve));

    // Assess
    expect(isEnded).toBe(true);
  });
});
