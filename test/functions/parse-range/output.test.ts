import type { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createOutput } from '#functions/parse-range/output.ts';
import { UnavailableError } from '#lib/contracts/errors.ts';
import type { Objects } from '#platform/objects.ts';

/** A bucket that takes streams; it fails after so many bytes. */
function bucket(failAfter = Number.POSITIVE_INFINITY) {
  const stored = new Map<string, Buffer>();
  const putStreamIfAbsent = async (key: string, body: Readable) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > failAfter) throw new UnavailableError('the service is busy');
    }
    stored.set(key, Buffer.concat(chunks));
    return true;
  };
  return { stored, objects: { putStreamIfAbsent } as unknown as Objects };
}

const key = 'quarantine/a.jsonl.gz';
const lines = Array.from({ length: 40_000 }, (_, i) => `{"line":${i},"é":"${i * 7919}"}\n`);

async function write(objects: Objects, texts: readonly string[]) {
  const output = createOutput(objects, key);
  for (const text of texts) await output.write(text);
  await output.end();
}

describe('Function: createOutput', () => {
  it('stores all text, the same bytes however it came', async () => {
    // Arrange
    const whole = bucket();
    const pieces = bucket();

    // Act
    await write(whole.objects, [lines.join('')]);
    await write(pieces.objects, lines);

    // Assess
    const bytes = pieces.stored.get(key)!;
    expect(gunzipSync(bytes).toString()).toBe(lines.join(''));
    expect(bytes.equals(whole.stored.get(key)!)).toBe(true);
  });

  it('stores bytes as they are where the key is of no gzipped object', async () => {
    const { stored, objects } = bucket();
    const output = createOutput(objects, 'interactions/a.rows');

    for (const line of lines) await output.write(Buffer.from(line));
    await output.end();

    expect(stored.get('interactions/a.rows')!.toString()).toBe(lines.join(''));
  });

  it('stores nothing without text', async () => {
    const { stored, objects } = bucket();

    await write(objects, ['', '']);

    expect(stored.size).toBe(0);
  });

  it('passes on that the store fails, instead of waiting for room', async () => {
    const { objects, stored } = bucket(1000);

    const writing = write(objects, [...lines, ...lines, ...lines]);

    await expect(writing).rejects.toThrow(UnavailableError);
    expect(stored.size).toBe(0);
  });

  it.each([0, 1, lines.length])('stores nothing when given up after %i lines', async (count) => {
    // Arrange
    const { objects, stored } = bucket();
    const output = createOutput(objects, key);
    for (const line of lines.slice(0, count)) await output.write(line);

    // Act
    await output.discard();

    // Assess
    expect(stored.size).toBe(0);
  });
});
