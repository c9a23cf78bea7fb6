import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ObjectCreated,
  type ObjectStore,
  startObjectStore,
} from '#local/object-store/server.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const Bucket = 'conformance';
const events: ObjectCreated[] = [];
let dir: string;
let store: ObjectStore;
let s3: S3Client;

async function start(): Promise<void> {
  store = await startObjectStore({ dir, onObjectCreated: (event) => events.push(event) });
  store.createBucket(Bucket);
  s3 = new S3Client({
    endpoint: store.endpoint,
    region: 'us-east-1',
    credentials: store.credentials,
    maxAttempts: 1,
  });
}

beforeAll(async () => {
  dir = temporaryFolder('object-store');
  await start();
});

afterAll(async () => {
  s3.destroy();
  await store.stop();
});

const put = (Key: string, Body: string | Buffer | Readable = 'x', more: object = {}) =>
  s3.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

async function read(Key: string, more: object = {}): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from(await Body!.transformToByteArray());
}

async function failure(promise: Promise<unknown>): Promise<{ name: string; status: number }> {
  const error = await promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (reason) => reason,
  );
  return { name: error.name, status: error.$metadata?.httpStatusCode };
}

describe('Function: startObjectStore, conditional writes', () => {
  it('lets exactly one of 20 concurrent If-None-Match writers win', async () => {
    // Act
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => put('lock', `writer ${i}`, { IfNoneMatch: '*' })),
    );

    // Assess
    const winner = results.findIndex((result) => result.status === 'fulfilled');
    const losers = results.filter((result) => result.status === 'rejected');
    expect(losers).toHaveLength(19);
    for (const { reason } of losers) {
      expect(reason.name).toBe('PreconditionFailed');
      expect(reason.$metadata.httpStatusCode).toBe(412);
    }
    expect((await read('lock')).toString()).toBe(`writer ${winner}`);
  });

  it('compares and swaps with If-Match', async () => {
    // Arrange
    const { ETag } = await put('pointer', 'first');

    // Act
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => put('pointer', `swap ${i}`, { IfMatch: ETag })),
    );

    // Assess
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect(await failure(put('pointer', 'late', { IfMatch: ETag }))).toEqual({
      name: 'PreconditionFailed',
      status: 412,
    });
    expect(await failure(put('nothing', 'x', { IfMatch: ETag }))).toEqual({
      name: 'NoSuchKey',
      status: 404,
    });
  });

  it('copies from file to file, whole and in parts, and knows what a copy has of its source', async () => {
    // Arrange
    const size = 11 * 2 ** 20;
    const bytes = Buffer.alloc(size, 'abc');
    await put('source', bytes, { ContentType: 'text/x-test', Metadata: { a: 'b' } });
    const CopySource = `${Bucket}/source`;

    // Act
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'joined' }));
    const half = 6 * 2 ** 20;
    const Parts = await Promise.all(
      [`bytes=0-${half - 1}`, `bytes=${half}-${size - 1}`].map(async (CopySourceRange, index) => {
        const PartNumber = index + 1;
        const request = {
          Bucket,
          Key: 'joined',
          UploadId,
          PartNumber,
          CopySource,
          CopySourceRange,
        };
        const { CopyPartResult } = await s3.send(new UploadPartCopyCommand(request));
        return { PartNumber, ETag: CopyPartResult!.ETag };
      }),
    );
    const MultipartUpload = { Parts };
    await s3.send(
      new CompleteMultipartUploadCommand({ Bucket, Key: 'joined', UploadId, MultipartUpload }),
    );

    // Assess
    expect((await read('copy')).equals(bytes)).toBe(true);
    expect((await read('joined')).equals(bytes)).toBe(true);
    const copy = await s3.send(new GetObjectCommand({ Bucket, Key: 'copy' }));
    expect(copy).toMatchObject({ ContentType: 'text/x-test', Metadata: { a: 'b' } });
    await copy.Body!.transformToByteArray();
    const refused = failure(
      s3.send(
        new CopyObjectCommand({ Bucket, Key: 'x', CopySource, MetadataDirective: 'REPLACE' }),
      ),
    );
    expect(await refused).toEqual({ name: 'NotImplemented', status: 501 });
    const missing = new CopyObjectCommand({ Bucket, Key: 'x', CopySource: `${Bucket}/nothing` });
    expect(await failure(s3.send(missing))).toEqual({ name: 'NoSuchKey', status: 404 });
  });

  it('applies to copies, multipart uploads and deletes', async () => {
    // Arrange
    await put('taken', 'original');
    const copy = { Bucket, Key: 'taken', CopySource: `${Bucket}/lock`, IfNoneMatch: '*' };

    // Act
    const copied = failure(s3.send(new CopyObjectCommand(copy)));
    const completed = failure(completeInParts('taken', [Buffer.from('new')], { IfNoneMatch: '*' }));
    const deleted = failure(
      s3.send(new DeleteObjectCommand({ Bucket, Key: 'taken', IfMatch: '"other"' })),
    );

    // Assess
    const expected = { name: 'PreconditionFailed', status: 412 };
    expect([await copied, await completed, await deleted]).toEqual([expected, expected, expected]);
    expect((await read('taken')).toString()).toBe('original');
    await completeInParts('free', [Buffer.from('new')], { IfNoneMatch: '*' });
    expect((await read('free')).toString()).toBe('new');
  });
});

async function completeInParts(Key: string, bodies: Buffer[], more: object = {}) {
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const Parts = [];
  for (const [index, Body] of bodies.entries()) {
    const part = { Bucket, Key, UploadId, PartNumber: index + 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body }));
    Parts.push({ ETag, PartNumber: index + 1 });
  }
  return s3.send(
    new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts },
      ...more,
    }),
  );
}

describe('Function: startObjectStore, bytes', () => {
  it('stores buffers, streams, empty bodies and bodies above fauxqs’ limit unchanged', async () => {
    // Arrange
    const large = randomBytes(24 * 1024 * 1024);
    const stream = randomBytes(300_000);

    // Act
    await put('large', large);
    await put('stream', Readable.from([stream.subarray(0, 7), stream.subarray(7)]), {
      ContentLength: stream.length,
    });
    await put('empty', '');

    // Assess
    expect(digest(await read('large'))).toBe(digest(large));
    expect(digest(await read('stream'))).toBe(digest(stream));
    expect(await read('empty')).toHaveLength(0);
  });

  it('keeps metadata, content type and content encoding, also of a streamed upload', async () => {
    // Act
    await put('described', Readable.from([Buffer.from('gzipped')]), {
      ContentLength: 7,
      ContentEncoding: 'gzip',
      ContentType: 'application/json',
      Metadata: { schemaversion: '1' },
    });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'described' }));

    // Assess
    expect(head).toMatchObject({
      ContentEncoding: 'gzip',
      ContentType: 'application/json',
      ContentLength: 7,
      Metadata: { schemaversion: '1' },
    });
  });

  it('refuses a body that does not match its checksum', async () => {
    expect(await failure(put('damaged', 'x', { ChecksumCRC32: 'AAAAAA==' }))).toEqual({
      name: 'BadDigest',
      status: 400,
    });
    expect(await failure(read('damaged'))).toEqual({ name: 'NoSuchKey', status: 404 });
  });

  it('serves ranges and conditional reads', async () => {
    // Arrange
    const { ETag } = await put('ranged', '0123456789');
    const range = async (Range: string) => (await read('ranged', { Range })).toString();

    // Assess
    expect(await range('bytes=2-4')).toBe('234');
    expect(await range('bytes=7-')).toBe('789');
    expect(await range('bytes=-3')).toBe('789');
    expect(await range('bytes=8-100')).toBe('89');
    expect(await range('bytes=-100')).toBe('0123456789');
    expect(await failure(read('ranged', { Range: 'bytes=10-' }))).toMatchObject({ status: 416 });
    expect(await failure(read('ranged', { IfNoneMatch: ETag }))).toMatchObject({ status: 304 });
    expect(await failure(read('ranged', { IfMatch: '"other"' }))).toMatchObject({ status: 412 });
  });

  it('joins multipart uploads and reads single parts', async () => {
    // Arrange
    const bodies = [randomBytes(5 * 1024 * 1024), randomBytes(1000)];

    // Act
    const { ETag } = await completeInParts('parts', bodies);
    await new Upload({
      client: s3,
      params: { Bucket, Key: 'library', Body: Buffer.concat([bodies[0]!, bodies[0]!, bodies[1]!]) },
    }).done();

    // Assess
    expect(ETag).toMatch(/-2"$/);
    expect(digest(await read('parts'))).toBe(digest(Buffer.concat(bodies)));
    expect(digest(await read('parts', { PartNumber: 2 }))).toBe(digest(bodies[1]!));
    expect(digest(await read('library'))).toBe(
      digest(Buffer.concat([bodies[0]!, bodies[0]!, bodies[1]!])),
    );
    expect(await failure(completeInParts('small', [Buffer.from('a'), Buffer.from('b')]))).toEqual({
      name: 'EntityTooSmall',
      status: 400,
    });
  });
});

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

async function listAll(more: object) {
  const keys: string[] = [];
  const prefixes: string[] = [];
  let ContinuationToken: string | undefined;
  let pages = 0;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({
        Bucket,
        ...more,
        ...(ContinuationToken && { ContinuationToken }),
      }),
    );
    keys.push(...(page.Contents ?? []).map((object) => object.Key!));
    prefixes.push(...(page.CommonPrefixes ?? []).map((common) => common.Prefix!));
    ContinuationToken = page.NextContinuationToken;
    pages += 1;
  } while (ContinuationToken !== undefined);
  return { keys, prefixes, pages };
}

describe('Function: startObjectStore, listing', () => {
  it('pages through more than 1000 keys without losing or repeating one', async () => {
    // Arrange
    const keys = Array.from({ length: 1205 }, (_, i) => `many/${i % 2 ? 'A' : 'b'}-${i}`);
    for (let i = 0; i < keys.length; i += 50) {
      await Promise.all(keys.slice(i, i + 50).map((key) => put(key)));
    }

    // Act
    const listed = await listAll({ Prefix: 'many/' });

    // Assess
    expect(listed.pages).toBe(2);
    expect(listed.keys).toEqual(keys.toSorted());
  });

  it('lists in the order of UTF-8 bytes, whatever the locale', async () => {
    // Arrange
    const keys = [
      'order/Z',
      'order/a',
      'order/_',
      'order/é',
      'order/&<>"',
      'order/a b+c',
      'order/\u{1F600}',
      'order/\uFF5E',
    ];
    for (const key of keys) await put(key, key);

    // Act
    const listed = await listAll({ Prefix: 'order/', MaxKeys: 3 });

    // Assess
    expect(listed.keys).toEqual(
      keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
    );
    for (const key of keys) expect((await read(key)).toString()).toBe(key);
  });

  it('takes any key', async () => {
    const segment = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      // Not in XML, which listings are made of; and what URLs resolve before a request is sent.
      .filter((text) => !/[\p{Cc}\p{Cs}\uFFFE\uFFFF/]/u.test(text) && !/^\.\.?$/.test(text));
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 5 }), async (segments) => {
        // Arrange
        const key = `any/${segments.join('/')}`;

        // Act
        await put(key, key);
        const listed = await listAll({ Prefix: 'any/' });
        const content = (await read(key)).toString();
        await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: key }] } }));

        // Assess
        expect(content).toBe(key);
        expect(listed.keys).toEqual([key]);
        expect((await listAll({ Prefix: 'any/' })).keys).toEqual([]);
      }),
      { numRuns: 60 },
    );
    const long = `any/${'x'.repeat(1000)}`;
    await put(long, 'long');
    expect((await listAll({ Prefix: 'any/' })).keys).toEqual([long]);
  });

  it('groups by delimiter, once a prefix, also over pages', async () => {
    // Arrange
    for (const key of ['tree/a', 'tree/b/1', 'tree/b/2', 'tree/c/1', 'tree/d']) await put(key);

    // Act
    const listed = await listAll({ Prefix: 'tree/', Delimiter: '/', MaxKeys: 1 });
    const after = await listAll({ Prefix: 'tree/', StartAfter: 'tree/b/1' });

    // Assess
    expect(listed.keys).toEqual(['tree/a', 'tree/d']);
    expect(listed.prefixes).toEqual(['tree/b/', 'tree/c/']);
    expect(after.keys).toEqual(['tree/b/2', 'tree/c/1', 'tree/d']);
  });

  it('deletes single objects and lists of objects', async () => {
    // Arrange
    for (const key of ['gone/1', 'gone/2', 'gone/3&']) await put(key);

    // Act
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone/1' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'gone/never-there' }));
    const Delete = { Objects: [{ Key: 'gone/2' }, { Key: 'gone/3&' }] };
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete }));

    // Assess
    expect((await listAll({ Prefix: 'gone/' })).keys).toEqual([]);
  });
});

describe('Function: startObjectStore, notifications', () => {
  it('tells of each write once, before the writer is answered', async () => {
    // Arrange
    events.length = 0;

    // Act
    await put('told/a b+ü.jsonl', 'hello');
    const afterPut = events.length;
    await s3.send(
      new CopyObjectCommand({
        Bucket,
        Key: 'told/copy',
        CopySource: `${Bucket}/told/${encodeURIComponent('a b+ü.jsonl')}`,
      }),
    );
    await completeInParts('told/parts', [Buffer.from('part')]);
    await failure(put('told/copy', 'x', { IfNoneMatch: '*' }));

    // Assess
    expect(afterPut).toBe(1);
    expect(events.map(({ key, reason, size }) => ({ key, reason, size }))).toEqual([
      { key: 'told/a b+ü.jsonl', reason: 'PutObject', size: 5 },
      { key: 'told/copy', reason: 'CopyObject', size: 5 },
      { key: 'told/parts', reason: 'CompleteMultipartUpload', size: 4 },
    ]);
    expect(events[0]!.sequencer < events[1]!.sequencer).toBe(true);
  });
});

describe('Function: startObjectStore, what is not supported', () => {
  it('answers 501 and changes nothing', async () => {
    // Arrange
    await put('plain', 'content');
    const requests = [
      new PutObjectTaggingCommand({
        Bucket,
        Key: 'plain',
        Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] },
      }),
      new GetBucketVersioningCommand({ Bucket }),
      new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }),
      new GetObjectCommand({ Bucket, Key: 'plain', VersionId: 'v1' }),
      new PutObjectCommand({ Bucket, Key: 'plain', Body: 'other', Tagging: 'a=b' }),
      new PutObjectCommand({ Bucket, Key: 'plain', Body: 'other', StorageClass: 'GLACIER' }),
      new PutObjectCommand({ Bucket, Key: 'plain', Body: 'other', ACL: 'public-read' }),
    ];

    // Act
    const answers = [];
    for (const request of requests)
      answers.push(await failure(s3.send(request as PutObjectCommand)));

    // Assess
    for (const answer of answers) expect(answer).toEqual({ name: 'NotImplemented', status: 501 });
    expect((await read('plain')).toString()).toBe('content');
  });
});

describe('Function: startObjectStore, restart', () => {
  it('serves what it held before, and drops what was cut off', async () => {
    // Arrange
    await put('kept/object', 'kept', { ContentType: 'text/plain', Metadata: { a: '1' } });
    await put('kept/deleted', 'deleted');
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'kept/deleted' }));
    const before = (await listAll({})).keys;

    // Act
    await store.stop();
    s3.destroy();
    await start();

    // Assess
    expect((await listAll({})).keys).toEqual(before);
    expect((await read('kept/object')).toString()).toBe('kept');
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'kept/object' }));
    expect(head).toMatchObject({ ContentType: 'text/plain', Metadata: { a: '1' } });
  });
});
