import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { storedObjects } from '#cli/artefacts/stored-objects.ts';
import { PipelineError } from '#lib/contracts/errors.ts';
import { DiskObjects } from '#local/object-store/objects.ts';
import { openStoredObjects } from '#local/stored-objects.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { startServer, type TestServer } from '../../platform/server.ts';

const bucket = 'stored-test';
const key = fc.constantFrom('a', 'b', 'b/', 'b/c', 'b/d/e', 'f+g h/ü', 'json.json');
const body = fc.constantFrom('', 'x', '{"n":1}', 'ü'.repeat(300));
const range = fc
  .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .map(([start, length]) => ({ start, end: start + length }));
const schema = z.strictObject({ n: z.number() });

type Step = (objects: Objects) => Promise<unknown>;

/** One call each; what it answers, or how it fails. */
const step: fc.Arbitrary<readonly [string, Step]> = fc.oneof(
  call('head', [key], (at: string) => async (objects) => {
    const found = await objects.head(at);
    return found && { ...found, lastModified: undefined };
  }),
  call('getBytes', [key], (at: string) => async (o) => String(await o.getBytes(at))),
  call(
    'range',
    [key, range],
    (at: string, part: { start: number; end: number }) => async (o) =>
      String(await o.getBytes(at, { range: part })),
  ),
  call('of an old version', [key], (at: string) => (o) => o.getBytes(at, { etag: '"old"' })),
  call(
    'getStream',
    [key],
    (at: string) => async (o) => String(await buffer(await o.getStream(at))),
  ),
  call(
    'streamed range',
    [key, range],
    (at: string, part: { start: number; end: number }) => async (o) =>
      String(await buffer(await o.getStream(at, { range: part }))),
  ),
  call('getJson', [key], (at: string) => (o) => o.getJson(at, schema)),
  call('getVersion', [key], (at: string) => (o) => o.getVersion(at, schema)),
  call('list', [fc.constantFrom('', 'b', 'b/', 'z')], (at: string) => async (o) => {
    const found = await all(o.list(at));
    return found.map((one) => ({ ...one, lastModified: undefined }));
  }),
  call('folders', [fc.constantFrom('', 'b/', 'z/')], (at: string) => (o) => all(o.folders(at))),
  call('putBytes', [key, body], (at: string, text: string) => (o) => o.putBytes(at, text)),
  call('putIfAbsent', [key, body], (at: string, text: string) => (o) => o.putIfAbsent(at, text)),
  call(
    'putIfMatch',
    [key, body],
    (at: string, text: string) => async (o) =>
      o.putIfMatch(at, text, (await o.head(at))?.etag ?? '"none"'),
  ),
  call(
    'putIfMatch another',
    [key, body],
    (at: string, text: string) => (o) => o.putIfMatch(at, text, '"another"'),
  ),
  call('copy', [key, key], (from: string, to: string) => (o) => o.copy(from, to)),
  call('remove', [fc.array(key, { minLength: 1 })], (keys: string[]) => (o) => o.remove(keys)),
);

function call<Given extends unknown[]>(
  name: string,
  given: { [At in keyof Given]: fc.Arbitrary<Given[At]> },
  make: (...args: Given) => Step,
): fc.Arbitrary<readonly [string, Step]> {
  return fc
    .tuple(...(given as fc.Arbitrary<unknown>[]))
    .map((args) => [`${name} ${JSON.stringify(args)}`, make(...(args as Given))] as const);
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function outcomeOf(run: Step, objects: Objects): Promise<unknown> {
  try {
    return { answer: await run(objects) };
  } catch (error) {
    const { code, message, retryable } = error as PipelineError;
    // A HEAD request has another word for it than a GET.
    const told = message.replace('(NotFound)', '(NoSuchKey)');
    return { isOurs: error instanceof PipelineError, code, message: told, retryable };
  }
}

describe('Function: storedObjects', () => {
  let server: TestServer;
  let dir: string;
  let disk: DiskObjects;
  beforeAll(async () => {
    server = await startServer(bucket, 'unused');
    dir = mkdtempSync(join(tmpdir(), 'stored-objects-'));
    disk = new DiskObjects(join(dir, 's3'));
    disk.createBucket(bucket);
  });
  afterAll(async () => {
    await server.stop();
    disk.close();
    rmSync(dir, { recursive: true });
  });

  it('answers, and fails, as a bucket behind S3 does', async () => {
    const behindServer = createObjects(server.s3, bucket);
    const onDisk = storedObjects(disk, bucket);

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        for (const objects of [behindServer, onDisk]) {
          const keys = (await all(objects.list(''))).map((one) => one.key);
          if (keys.length > 0) await objects.remove(keys);
        }
        for (const [name, run] of steps) {
          // Act
          const outcome = await outcomeOf(run, onDisk);

          // Assess
          expect([name, outcome]).toEqual([name, await outcomeOf(run, behindServer)]);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('keeps large streams in parts, whole or not at all', async () => {
    // Arrange
    const objects = storedObjects(disk, bucket);
    const piece = Buffer.alloc(3 * 1024 * 1024, 'stream');
    const pieces = Array.from({ length: 6 }, () => piece);
    const breaking = async function* () {
      yield* pieces;
      throw new Error('the source broke');
    };

    // Act
    await objects.putStream('large.bin', Readable.from(pieces), { contentType: 'text/plain' });
    const failing = objects.putStream('broken.bin', Readable.from(breaking()));

    // Assess
    await expect(failing).rejects.toThrow('the source broke');
    expect(await objects.head('broken.bin')).toBeUndefined();
    expect(Buffer.concat(pieces).equals(await objects.getBytes('large.bin'))).toBe(true);
    expect(await objects.putStreamIfAbsent('large.bin', Readable.from(['x']))).toBe(false);
    const { etag } = (await objects.head('large.bin'))!;
    await objects.putStreamIfMatch('large.bin', Readable.from(['short']), etag);
    expect(String(await objects.getBytes('large.bin'))).toBe('short');
    expect(disk.headObject(bucket, 'large.bin').contentType).toBe('application/octet-stream');
  });

  it('is what a cloud left behind, for one process at a time', () => {
    // Arrange
    const stored = openStoredObjects(dir);

    // Assess
    expect(stored.buckets).toEqual([bucket]);
    expect(() => openStoredObjects(dir)).toThrow(/in use|at work/i);
    stored.stop();
    expect(() => openStoredObjects(join(dir, 'nowhere'))).toThrow('holds no objects');
  });
});
