import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { readInteractions } from '#functions/build-sequences/read.ts';
import { readCatalogue } from '#functions/shared/catalogue.ts';
import { UnavailableError } from '#lib/contracts/errors.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { sorted } from '../../lib/interactions/sorted.ts';
import { startBucket } from '../bucket.ts';

const lines = (rows: readonly object[]) =>
  gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { level: 0 });
const interaction = (line: number) => ({
  user_id: 'u',
  item_id: `i${line}`,
  timestamp: 1_700_000_000 + line,
  event_type: null,
  value: null,
  line,
});

/** Does something with a store that hands out the ends of objects, and whose connections break in the middle of all else. */
async function withBreakingStore<T>(object: Buffer, act: (objects: Objects) => Promise<T>) {
  const server = createServer(({ headers }, response) => {
    const [, start, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    if (Number(last) === object.length - 1 && Number(start) > 0) {
      const end = object.subarray(Number(start));
      response.writeHead(206, { 'content-length': end.length, etag: '"e"' }).end(end);
      return;
    }
    response.writeHead(200, { 'content-length': object.length, etag: '"e"' });
    response.write(object.subarray(0, object.length / 2), () => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });
  try {
    return await act(createObjects(client, 'bucket'));
  } finally {
    client.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function readAll(objects: Objects, object: { key: string; etag: string; size: number }) {
  const rows: unknown[] = [];
  for await (const part of readInteractions(objects, [object])) {
    for await (const row of part.rows) rows.push(row);
  }
  return rows;
}

describe('Functions: readInteractions, readCatalogue', () => {
  test('read what ingestion wrote, the newest arrival of an item', async () => {
    // Arrange
    const bucket = await startBucket();
    const item = (title: string) => lines([{ item_id: 'i', title, fields: {} }]);
    const rows = [1, 2, 3].map(interaction);
    await bucket.objects.putBytes('interactions/dt=2026-11-23/u-00000.rows', sorted(rows));
    await bucket.objects.putBytes('items/dt=2026-11-23/a-00000.jsonl.gz', item('newer'));
    await bucket.objects.putBytes('items/dt=2026-11-22/b-00000.jsonl.gz', item('older'));
    const inputs = async (prefix: string) => {
      const found = [];
      for await (const { key, etag, bytes } of bucket.objects.list(prefix)) {
        found.push({ key, etag, size: bytes });
      }
      return found;
    };

    // Act
    const [part] = await inputs('interactions/');
    const read = await readAll(bucket.objects, part!);
    const catalogue = await readCatalogue(bucket.objects, (await inputs('items/')).toReversed());
    await bucket.stop();

    // Assess
    expect(read).toEqual(rows);
    expect(catalogue.items.get('i')?.title).toBe('newer');
  });

  test('a connection that breaks is worth another try', async () => {
    const object = sorted(
      Array.from({ length: 20_000 }, (_, i) => ({
        ...interaction(i + 1),
        user_id: createHash('sha256').update(String(i)).digest('hex'),
      })),
    );
    const key = 'interactions/dt=2026-11-23/u-00000.rows';

    const failure = await withBreakingStore(object, (objects) =>
      readAll(objects, { key, etag: '"e"', size: object.length }).catch((error) => error),
    );

    expect(failure).toBeInstanceOf(UnavailableError);
    expect(failure).toMatchObject({ retryable: true });
    expect(failure.message).toContain(key);
  });
});

describe('Function: readCatalogue', () => {
  test('says what has left: items that only older versions of a file have', async () => {
    // Arrange: a file twice, another one once, and an upload of which no report is left.
    const { objects, stop } = await startBucket();
    const upload = async (id: string, file: string | undefined, ids: readonly string[]) => {
      const items = ids.map((item_id) => ({ item_id, title: `${item_id} of ${id}`, fields: {} }));
      await objects.putBytes(`items/dt=2026-11-2${id}/${id}-00000.jsonl.gz`, lines(items));
      if (file !== undefined) await objects.putJson(`uploads/${id}/report.json`, { file });
    };
    await upload('1', 'catalog/all.csv', ['kept', 'gone', 'back', 'elsewhere']);
    await upload('2', 'catalog/more.csv', ['elsewhere']);
    await upload('3', undefined, ['unknown']);
    await upload('4', 'catalog/all.csv', ['kept']);
    const inputs = [];
    for await (const { key, etag } of objects.list('items/')) inputs.push({ key, etag });

    // Act
    const before = await readCatalogue(objects, inputs);
    await upload('5', 'catalog/back.csv', ['back']);
    const again = [];
    for await (const { key, etag } of objects.list('items/')) again.push({ key, etag });
    const after = await readCatalogue(objects, again);
    await stop();

    // Assess
    const left = (catalogue: typeof before) =>
      [...catalogue.items].filter(([, { hasLeft }]) => hasLeft).map(([id]) => id);
    expect(left(before)).toEqual(['gone', 'back']);
    expect(before.items.get('gone')?.title).toBe('gone of 1');
    expect(left(after)).toEqual(['gone']);
  });
});
