import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { ConflictError, ContractError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { startServer, type TestServer } from './server.ts';

describe('Function: createObjects', () => {
  let server: TestServer;
  let objects: Objects;

  beforeAll(async () => {
    server = await startServer('objects-test', 'unused');
    objects = createObjects(server.s3, 'objects-test');
  });
  afterAll(() => server.stop());

  it('reads back what it wrote, whole, in part and as a stream', async () => {
    // Arrange
    const content = randomBytes(20_000);
    await objects.putBytes('folder/with space+plus.bin', content);

    // Act
    const whole = await objects.getBytes('folder/with space+plus.bin');
    const part = await objects.getBytes('folder/with space+plus.bin', {
      range: { start: 100, end: 300 },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of await objects.getStream('folder/with space+plus.bin')) {
      chunks.push(chunk);
    }
    const head = await objects.head('folder/with space+plus.bin');

    // Assess
    expect(Buffer.from(whole).equals(content)).toBe(true);
    expect(Buffer.from(part).equals(content.subarray(100, 300))).toBe(true);
    expect(Buffer.concat(chunks).equals(content)).toBe(true);
    expect(head?.bytes).toBe(20_000);
  });

  it('sends large contents and streams in parts', async () => {
    // Arrange
    const content = randomBytes(17 * 1024 * 1024);
    const pieces = [content.subarray(0, 5_000_000), content.subarray(5_000_000)];

    // Act
    await objects.putBytes('large.bin', content);
    await objects.putStream('stream.bin', Readable.from(pieces));

    // Assess
    expect(Buffer.from(await objects.getBytes('large.bin')).equals(content)).toBe(true);
    expect(Buffer.from(await objects.getBytes('stream.bin')).equals(content)).toBe(true);
  });

  it('tells a missing object from an empty one', async () => {
    await objects.putBytes('empty', '');

    expect((await objects.head('empty'))?.bytes).toBe(0);
    expect(await objects.head('missing')).toBeUndefined();
    expect(await objects.getVersion('missing', z.unknown())).toBeUndefined();
    await expect(objects.getBytes('missing')).rejects.toThrow(MissingArtefactError);
    await expect(objects.getBytes('missing')).rejects.toThrow('s3://objects-test/missing');
    await expect(objects.copy('missing', 'elsewhere')).rejects.toThrow(MissingArtefactError);
  });

  it('refuses a version that has been replaced', async () => {
    // Arrange
    await objects.putBytes('versioned', 'first');
    const etag = (await objects.head('versioned'))?.etag as string;
    await objects.putBytes('versioned', 'second');

    // Act
    const reading = objects.getBytes('versioned', { etag });

    // Assess
    await expect(reading).rejects.toThrow(ConflictError);
  });

  it('lists the folders below a prefix, each once, without what lies beside or further down', async () => {
    for (const key of ['runs/b/x', 'runs/a/x', 'runs/a/y/z', 'runs/file', 'runsx/c/x']) {
      await objects.putBytes(key, '');
    }

    const found: string[] = [];
    for await (const folder of objects.folders('runs/')) found.push(folder);

    expect(found).toEqual(['runs/a/', 'runs/b/']);
  });

  it('lists everything below a prefix, however many', async () => {
    // Arrange
    const keys = Array.from({ length: 1003 }, (_, i) => `many/${String(i).padStart(5, '0')}`);
    for (let start = 0; start < keys.length; start += 40) {
      const some = keys.slice(start, start + 40);
      await Promise.all(some.map((key) => objects.putBytes(key, key)));
    }

    // Act
    const found: string[] = [];
    for await (const { key } of objects.list('many/')) found.push(key);
    await objects.remove(keys);
    const left: string[] = [];
    for await (const { key } of objects.list('many/')) left.push(key);

    // Assess
    expect(found).toStrictEqual(keys);
    expect(left).toStrictEqual([]);
  });

  it('checks JSON against its schema and names what is wrong', async () => {
    // Arrange
    const schema = z.strictObject({ read: z.int() });
    await objects.putJson('good.json', { read: 3 });
    await objects.putJson('bad.json', { read: 'three' });
    await objects.putBytes('broken.json', '{');

    // Act and assess
    expect(await objects.getJson('good.json', schema)).toStrictEqual({ read: 3 });
    await expect(objects.getJson('bad.json', schema)).rejects.toThrow(/bad\.json.*\n.*read/);
    await expect(objects.getJson('broken.json', schema)).rejects.toThrow(ContractError);
  });

  it('lets exactly one of many writers create an object', async () => {
    // Arrange
    const writers = Array.from({ length: 20 }, (_, writer) => `writer ${writer}`);

    // Act
    const won = await Promise.all(writers.map((name) => objects.putIfAbsent('race', name)));

    // Assess
    expect(won.filter(Boolean)).toHaveLength(1);
    const content = Buffer.from(await objects.getBytes('race')).toString();
    expect(content).toBe(writers[won.indexOf(true)]);
  });

  it.each([10, 9 * 1024 * 1024])(
    'creates a stream of %i bytes only if it is absent',
    async (size) => {
      // Arrange
      const key = `stream-once-${size}`;
      const content = randomBytes(size);
      const pieces = () => Readable.from([content.subarray(0, 5), content.subarray(5)]);
      const late = Readable.from([randomBytes(size)]);

      // Act
      const first = await objects.putStreamIfAbsent(key, pieces());
      const second = await objects.putStreamIfAbsent(key, late);

      // Assess
      expect([first, second]).toStrictEqual([true, false]);
      expect(late.readableEnded).toBe(true);
      expect(Buffer.from(await objects.getBytes(key)).equals(content)).toBe(true);
    },
  );

  it('closes the connection of a stream that nobody reads to its end', async () => {
    // Arrange
    await objects.putBytes('long.bin', randomBytes(3_000_000));
    const stream = await objects.getStream('long.bin');

    // Act
    for await (const _ of stream) break;

    // Assess
    expect(stream.destroyed).toBe(true);
    expect((await objects.getBytes('long.bin')).length).toBe(3_000_000);
  });

  it('creates a large object in parts only if it is absent', async () => {
    const large = randomBytes(9 * 1024 * 1024);

    expect(await objects.putIfAbsent('large-once', large)).toBe(true);
    expect(await objects.putIfAbsent('large-once', randomBytes(large.length))).toBe(false);
    expect(Buffer.from(await objects.getBytes('large-once')).equals(large)).toBe(true);
  });

  it('swaps a version once', async () => {
    // Arrange
    const schema = z.strictObject({ run: z.string() });
    await objects.putJson('pointer.json', { run: 'first' });
    const before = await objects.getVersion('pointer.json', schema);

    // Act
    const etag = await objects.putIfMatch('pointer.json', '{"run":"second"}', before?.etag ?? '');
    const late = objects.putIfMatch('pointer.json', '{"run":"third"}', before?.etag ?? '');

    // Assess
    await expect(late).rejects.toThrow(ConflictError);
    const after = await objects.getVersion('pointer.json', schema);
    expect(after).toStrictEqual({ value: { run: 'second' }, etag });
  });

  it('copies inside the bucket', async () => {
    await objects.putBytes('from/a b', 'content');
    await objects.copy('from/a b', 'to/a b');

    expect(Buffer.from(await objects.getBytes('to/a b')).toString()).toBe('content');
  });
});

describe('Function: createObjects, for somebody who may not list the whole bucket', () => {
  /** Answers 403 to everything but listings, which show one object. */
  async function withRefusals<T>(there: string, act: (objects: Objects) => Promise<T>) {
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url ?? '', 'http://here');
      const prefix = searchParams.get('prefix');
      request.resume().on('end', () => {
        if (prefix === null) return void response.writeHead(403).end();
        const contents = there.startsWith(prefix) ? `<Contents><Key>${there}</Key></Contents>` : '';
        response
          .writeHead(200, { 'content-type': 'application/xml' })
          .end(`<?xml version="1.0"?><ListBucketResult>${contents}</ListBucketResult>`);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    try {
      return await act(createObjects(client, 'b'));
    } finally {
      client.destroy();
      server.close();
    }
  }

  it('tells an object that is not there from one that he may not read', async () => {
    await withRefusals('folder/there', async (objects) => {
      expect(await objects.head('folder/missing')).toBeUndefined();
      expect(await objects.getVersion('folder/missing', z.unknown())).toBeUndefined();
      await expect(objects.getBytes('folder/missing')).rejects.toThrow(MissingArtefactError);
      await expect(objects.copy('folder/missing', 'x')).rejects.toThrow(MissingArtefactError);
      await expect(objects.putIfMatch('folder/missing', 'x', '"e"')).rejects.toThrow(ConflictError);
      await expect(objects.head('folder/there')).rejects.not.toThrow(MissingArtefactError);
      await expect(objects.getBytes('folder/there')).rejects.not.toThrow(MissingArtefactError);
      // Another object's name goes on where this one's ends.
      expect(await objects.head('folder/th')).toBeUndefined();
    });
  });
});

describe('Function: createObjects, conditional writes', () => {
  /** Answers PUTs with the given statuses in turn and remembers the conditions that came with them. */
  function answering(statuses: number[]) {
    const conditions: (string | undefined)[] = [];
    const server: Server = createServer((request, response) => {
      conditions.push(request.headers['if-none-match'] ?? request.headers['if-match']);
      request.resume().on('end', () => {
        response.writeHead(statuses.shift() ?? 200, { etag: '"new"' }).end();
      });
    });
    return { server, conditions };
  }

  async function withAnswers<T>(statuses: number[], act: (objects: Objects) => Promise<T>) {
    const { server, conditions } = answering(statuses);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      forcePathStyle: true,
      maxAttempts: 1,
    });
    try {
      const result = await act(createObjects(client, 'bucket')).then(
        (value) => ({ value, error: undefined }),
        (error: Error) => ({ value: undefined, error }),
      );
      return { ...result, conditions };
    } finally {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  it('takes 412 as already done', async () => {
    const written = await withAnswers([200], (objects) => objects.putIfAbsent('key', 'a'));
    const there = await withAnswers([412], (objects) => objects.putIfAbsent('key', 'a'));

    expect(written.value).toBe(true);
    expect(there.value).toBe(false);
    expect(there.conditions).toStrictEqual(['*']);
  });

  it('tries a race again until it is decided', async () => {
    const raced = await withAnswers([409, 409, 412], (objects) => objects.putIfAbsent('key', 'a'));

    expect(raced.value).toBe(false);
    expect(raced.conditions).toHaveLength(3);
  });

  it('swaps only the version that was read', async () => {
    const moved = await withAnswers([412], (objects) => objects.putIfMatch('key', 'a', '"old"'));
    const gone = await withAnswers([404], (objects) => objects.putIfMatch('key', 'a', '"old"'));
    const swapped = await withAnswers([200], (objects) => objects.putIfMatch('key', 'a', '"old"'));

    expect(moved.error).toBeInstanceOf(ConflictError);
    expect(gone.error).toBeInstanceOf(ConflictError);
    expect(swapped.value).toBe('"new"');
    expect(swapped.conditions).toStrictEqual(['"old"']);
  });

  it.each([
    [503, 'UnavailableError', true],
    [429, 'UnavailableError', true],
    [403, 'ConfigError', false],
    [400, 'ServiceError', false],
  ])('turns status %i into %s', async (status, name, retryable) => {
    const { error } = await withAnswers([status], (objects) => objects.putBytes('key', 'a'));

    expect(error).toMatchObject({ name, retryable });
    expect(error?.message).toContain('s3://bucket/key');
  });

  it('takes a refused connection as worth repeating', async () => {
    const client = new S3Client({
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });

    const reading = createObjects(client, 'bucket').getBytes('key');

    await expect(reading).rejects.toMatchObject({ name: 'UnavailableError', retryable: true });
  });
});
