import { gunzipSync, gzipSync } from 'node:zlib';
import { PurgeQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { BatchAnswer } from '#functions/shared/messages.ts';
import { items, serving, uploads } from '#lib/contracts/keys.ts';
import { rangeReport, type UploadReport, uploadReport } from '#lib/interactions/report.ts';
import { rowsKey, uploadId, uploadPlan } from '#lib/interactions/upload-plan.ts';
import { decodeFreshCounts, freshCountsFile } from '#lib/popularity/fresh-counts.ts';
import { createObjects, type Objects } from '#platform/objects.ts';
import { inFileOrder } from '../lib/interactions/sorted.ts';
import { startServer, type TestServer } from '../platform/server.ts';
import { lambdaContext, objectCreatedEvent, sqsBatch } from './shared/invocations.ts';

const bucket = 'ingestion-test';
const queue = 'parse-range';

type Handler = (event: unknown, context: typeof lambdaContext) => Promise<BatchAnswer>;

describe('Functions: plan-upload and parse-range', () => {
  let server: TestServer;
  let objects: Objects;
  let planUpload: Handler;
  let parseRange: Handler;

  beforeAll(async () => {
    server = await startServer(bucket, queue);
    const pipeline = {
      interactions: { rangeBytes: 4096, maximumBadShare: 0.2, maximumCompressedBytes: 50_000 },
      training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
      operations: { inbox: { sources: [{ name: 'shop', maximumBytesPerDay: 1000 }] } },
    };
    const environment = {
      ...server.environment,
      BUCKET: bucket,
      EVENT_BUS: '',
      PARSE_QUEUE_URL: server.queueUrl,
      PIPELINE_CONFIG: JSON.stringify(pipeline),
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      POWERTOOLS_METRICS_DISABLED: 'true',
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    planUpload = (await import('#functions/plan-upload/handler.ts')).handler;
    parseRange = (await import('#functions/parse-range/handler.ts')).handler;
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.stop();
  });

  beforeEach(() => {
    objects = createObjects(server.s3, bucket);
  });
  afterEach(async () => {
    const keys = await keysBelow('');
    if (keys.length > 0) await objects.remove(keys);
    await server.sqs.send(new PurgeQueueCommand({ QueueUrl: server.queueUrl }));
  });

  async function keysBelow(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of objects.list(prefix)) keys.push(key);
    return keys;
  }

  /** Every object and what is in it. */
  async function contents(): Promise<string[][]> {
    const keys = await keysBelow('');
    return Promise.all(
      keys.map(async (key) => [key, Buffer.from(await objects.getBytes(key)).toString('base64')]),
    );
  }

  async function upload(key: string, body: string | Uint8Array): Promise<string> {
    await objects.putBytes(key, body);
    return identify(key);
  }

  async function identify(key: string): Promise<string> {
    const head = await objects.head(key);
    return uploadId({ bucket, ...head! });
  }

  const announce = (key: string, etag?: string) =>
    planUpload(sqsBatch(objectCreatedEvent(bucket, key, etag)), lambdaContext);

  async function receive(): Promise<{ upload: string; range: number }[]> {
    const bodies: { upload: string; range: number }[] = [];
    for (;;) {
      const answer = await server.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: server.queueUrl, MaxNumberOfMessages: 10 }),
      );
      if (!answer.Messages?.length) return bodies;
      bodies.push(...answer.Messages.map((message) => JSON.parse(message.Body ?? '')));
    }
  }

  async function ingest(key: string, body: string | Uint8Array): Promise<UploadReport> {
    const id = await upload(key, body);
    expect(await announce(key)).toStrictEqual({ batchItemFailures: [] });
    const messages = await receive();
    if (messages.length > 0) {
      const answer = await parseRange(sqsBatch(...messages), lambdaContext);
      expect(answer).toStrictEqual({ batchItemFailures: [] });
    }
    return objects.getJson(uploads.report(id), uploadReport);
  }

  async function linesBelow(prefix: string): Promise<Record<string, unknown>[]> {
    const all: Record<string, unknown>[] = [];
    for (const key of await keysBelow(prefix)) {
      const bytes = Buffer.from(await objects.getBytes(key));
      if (key.endsWith('.rows')) {
        all.push(...(inFileOrder(bytes) as unknown as Record<string, unknown>[]));
        continue;
      }
      const text = (key.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
      all.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      );
    }
    return all;
  }

  const jsonLines = (rows: readonly unknown[]) =>
    rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const interaction = (i: number) => ({
    user_id: `user-${i % 30}`,
    item_id: `item-${i % 7}`,
    timestamp: 1_700_000_000 + i,
  });
  const interactions = (count: number) => Array.from({ length: count }, (_, i) => interaction(i));
  const catalogue = jsonLines(
    Array.from({ length: 7 }, (_, i) => ({ item_id: `item-${i}`, title: `Item ${i}` })),
  );

  it('takes a file from upload to interactions, over several ranges', async () => {
    // Arrange
    const rows = interactions(500);

    // Act
    const report = await ingest('logs/2026/week 47.jsonl', jsonLines(rows));

    // Assess
    expect(report.ranges).toBeGreaterThan(3);
    expect(report).toMatchObject({
      status: 'succeeded',
      file: 'logs/2026/week 47.jsonl',
      read: 500,
      good: 500,
      quarantined: 0,
      duplicate: 0,
      interactions: { users: 30, usersWithSeveral: 30, items: 7, exact: true },
    });
    const stored = await linesBelow('interactions/');
    expect(stored).toStrictEqual(
      rows.map((row, i) => ({ ...row, event_type: null, value: null, line: i + 1 })),
    );
    const day = new Date().toISOString().slice(0, 10);
    expect((await keysBelow('interactions/'))[0]).toMatch(
      new RegExp(`^interactions/dt=${day}/\\d{8}T\\d{6}Z-[0-9a-f]{16}-00000\\.rows$`),
    );
    // The plan, the report, what it counts for popularity; and the last two of each range.
    expect(await keysBelow('uploads/')).toHaveLength(3 + 2 * report.ranges);
    const counted = await objects.getJson(serving.freshCounts, freshCountsFile);
    expect(counted.uploads).toStrictEqual([report.upload]);
    const { counts } = decodeFreshCounts(counted).counts;
    const actions = [...counts.values()].reduce((sum, own) => sum + own.at(-1)!, 0);
    expect(actions).toBe(report.good);
  });

  it('quarantines bad lines with file, line, reason and row, and lets the good ones through', async () => {
    // Arrange
    await ingest('catalog/items.jsonl', catalogue);
    const lines = jsonLines(interactions(200)).trimEnd().split('\n');
    lines[3] = '{"user_id": "a", ';
    lines[120] = JSON.stringify({ ...interaction(120), item_id: 'nowhere' });

    // Act
    const report = await ingest('logs/a.jsonl', lines.join('\n'));

    // Assess
    expect(report).toMatchObject({ status: 'succeeded', read: 200, good: 198, quarantined: 2 });
    expect(report.interactions?.catalogueItems).toBe(7);
    expect(await linesBelow(uploads.quarantinePrefix(report.upload))).toStrictEqual([
      {
        file: 'logs/a.jsonl',
        line: 4,
        reason: 'broken-json',
        detail: 'the line is not one complete JSON value',
        row: lines[3],
      },
      {
        file: 'logs/a.jsonl',
        line: 121,
        reason: 'unknown-item',
        detail: 'item_id is in no catalogue upload that came before this file',
        row: lines[120],
      },
    ]);
    expect(report.reasons.map(({ reason, count }) => [reason, count])).toStrictEqual([
      ['broken-json', 1],
      ['unknown-item', 1],
    ]);
  });

  it('fails an upload with too many bad rows, says why, and uses nothing of it', async () => {
    // Arrange
    const rows = interactions(200).map((row, i) => (i % 3 === 0 ? { ...row, timestamp: 12 } : row));

    // Act
    const report = await ingest('logs/bad.jsonl', jsonLines(rows));

    // Assess
    expect(report).toMatchObject({ status: 'failed', read: 200, good: 133, quarantined: 67 });
    expect(report.message).toMatch(
      /67 of the 200 rows .*33\.5 %.*20 %.*67 of them are "impossible-timestamp"/,
    );
    expect(await keysBelow('interactions/')).toStrictEqual([]);
    expect(await linesBelow(report.quarantine ?? 'none')).toHaveLength(67);
  });

  it('reads gzipped CSV, whatever its name says of compression', async () => {
    // Arrange
    const csv = [
      '\uFEFFUSER_ID,ITEM_ID,TIMESTAMP,note',
      ...interactions(40).map((row) => `${Object.values(row).join(',')},"two\nlines, ""quoted"""`),
    ].join('\r\n');

    // Act
    const report = await ingest('logs/rows.csv', gzipSync(csv));

    // Assess
    expect(report).toMatchObject({ status: 'succeeded', read: 40, good: 40, ranges: 1 });
    const stored = await linesBelow('interactions/');
    expect(stored.map((row) => row.line)).toStrictEqual(interactions(40).map((_, i) => 2 * i + 2));
    expect(report.insights.map(({ code }) => code)).toContain('unused-fields');
  });

  it('reads a catalogue with any text fields', async () => {
    // Act
    const report = await ingest(
      'catalog/items.jsonl',
      jsonLines([
        { item_id: 1, title: 'One', genres: ['Drama', 'War'], year: 1999, note: null },
        { item_id: '2', title: 'Two' },
        { item_id: '2', title: 'Two' },
      ]),
    );

    // Assess
    expect(report).toMatchObject({ status: 'succeeded', kind: 'catalog', good: 2, duplicate: 1 });
    expect(await linesBelow('items/')).toStrictEqual([
      { item_id: '1', title: 'One', fields: { genres: 'Drama, War', year: '1999' } },
      { item_id: '2', title: 'Two', fields: {} },
    ]);
  });

  it.each([
    ['has an ending that says nothing', 'logs/a.text', 'x', /must end in \.jsonl, \.ndjson, /],
    ['holds objects and something else', 'logs/a.json', '[{"user_id":1},7]', /object 2 does not/],
    ['lacks a column', 'logs/a.csv', 'user_id,item_id\n1,2\n', /has no timestamp/],
    ['is separated by blanks', 'logs/a.csv', 'user_id item_id timestamp\n', /by commas/],
    ['names a column twice', 'catalog/a.csv', 'item_id,title,x,x\n', /"x" twice/],
    ['is UTF-16', 'logs/a.jsonl', Buffer.from('\uFEFF{}', 'utf16le'), /UTF-16/],
    ['is a zip archive', 'logs/a.csv', Buffer.from('504b030400', 'hex'), /zip/],
    [
      'is cut off in its header',
      'logs/a.csv.gz',
      gzipSync('user_id,it').subarray(0, 15),
      /gzip file/,
    ],
    [
      'is too large gzipped',
      'logs/a.jsonl.gz',
      gzipSync(Buffer.alloc(60_000, 'ab'), { level: 0 }),
      /Split it/,
    ],
  ])('fails a file that %s with a report, once', async (_, key, body, message) => {
    // Act
    const report = await ingest(key, body);
    const again = await announce(key);

    // Assess
    expect(report.status).toBe('failed');
    expect(report.message).toMatch(message);
    expect(again).toStrictEqual({ batchItemFailures: [] });
    expect(await receive()).toStrictEqual([]);
  });

  it('fails a gzipped file that ends early, though its beginning is fine', async () => {
    // Arrange
    const whole = gzipSync(jsonLines(interactions(2000)));

    // Act
    const report = await ingest('logs/a.jsonl.gz', whole.subarray(0, whole.length - 20));

    // Assess
    expect(report.status).toBe('failed');
    expect(report.message).toMatch(/not a complete gzip file/);
    expect(await keysBelow('interactions/')).toStrictEqual([]);
    expect(report.read).toBe(report.good + report.quarantined + report.duplicate);
  });

  it.each([
    ['logs/', ''],
    ['logs/folder/', ''],
    ['logs/_SUCCESS', ''],
    ['elsewhere/a.csv', 'x'],
  ])('ignores %s', async (key, body) => {
    await objects.putBytes(key, body);

    expect(await announce(key)).toStrictEqual({ batchItemFailures: [] });
    expect(await keysBelow('uploads/')).toStrictEqual([]);
  });

  it.each(['logs/_temporary/0/part-0.csv', 'logs/.hidden.jsonl', 'logs/part-0.csv.crc'])(
    'ignores %s and says so, since something is in it',
    async (key) => {
      // Act
      const report = await ingest(key, 'user_id,item_id,timestamp\n1,2,1700000000\n');

      // Assess
      expect(report).toMatchObject({ status: 'ignored', read: 0 });
      expect(report.message).toMatch(
        new RegExp(`^${key.replaceAll('.', '\\.')} was not read: .*\\.$`),
      );
      expect(await keysBelow('interactions/')).toStrictEqual([]);
    },
  );

  it.each([
    ['no bytes', 'logs/part-00001.csv', ''],
    ['blank lines only', 'logs/a.jsonl', '\n \n\n'],
    ['a header line only', 'logs/part-00002.csv', 'user_id,item_id,timestamp\n'],
    ['no bytes, gzipped', 'logs/a.jsonl.gz', gzipSync('')],
    ['an empty array', 'logs/a.json', '[]'],
  ])('takes a file with %s for one that has nothing to say', async (_, key, body) => {
    // Act
    const report = await ingest(key, body);

    // Assess
    expect(report).toMatchObject({ status: 'succeeded', read: 0, good: 0 });
    expect(report.message).toMatch(/has no rows/);
  });

  it.each([
    ['a JSON array, one object per line', (rows: string[]) => `[\n${rows.join(',\n')}\n]\n`],
    ['a JSON array on one line', (rows: string[]) => `[${rows.join(', ')}]`],
    [
      'a JSON array, indented',
      (rows: string[]) =>
        JSON.stringify(
          rows.map((row) => JSON.parse(row)),
          null,
          2,
        ),
    ],
    ['objects without line breaks', (rows: string[]) => rows.join('')],
    [
      'indented objects',
      (rows: string[]) => rows.map((row) => JSON.stringify(JSON.parse(row), null, 2)).join('\n'),
    ],
    ['lines that end in carriage returns', (rows: string[]) => `${rows.join('\r')}\r`],
    ['a byte order mark before every line', (rows: string[]) => `\uFEFF${rows.join('\n\uFEFF')}`],
  ])('reads %s, in several ranges and gzipped', async (_, write) => {
    // Arrange
    const rows = interactions(300);
    const file = write(rows.map((row) => JSON.stringify(row)));

    // Act
    const plain = await ingest('logs/plain.jsonl', file);
    const found = await linesBelow('interactions/');
    const zipped = await ingest('logs/zipped.json.gz', gzipSync(file));

    // Assess
    expect(plain.ranges).toBeGreaterThan(3);
    expect(plain).toMatchObject({ status: 'succeeded', read: 300, good: 300 });
    expect(zipped).toMatchObject({ status: 'succeeded', read: 300, good: 300, ranges: 1 });
    expect(found).toStrictEqual(
      rows.map((row, i) => ({ ...row, event_type: null, value: null, line: i + 1 })),
    );
  });

  it.each([
    ['the separator', 'sep=,\r\n', '\r\n', 1],
    ['a comment with a quote', '# exported "today, at noon\n', '\n', 1],
    ['blank lines', '\n\n', '\n', 2],
    ['nothing, with lines that end in carriage returns', '', '\r', 0],
    ['a byte order mark', '\uFEFF', '\n', 0],
  ])('reads a CSV file with %s above its header line', async (_, above, lineBreak, lines) => {
    // Arrange
    const rows = interactions(300);
    const file = ['user_id,item_id,timestamp', ...rows.map((row) => Object.values(row).join())];

    // Act
    const plain = await ingest('logs/plain.csv', above + file.join(lineBreak));
    const found = await linesBelow('interactions/');
    const zipped = await ingest('logs/zipped.csv.gz', gzipSync(above + file.join(lineBreak)));

    // Assess
    expect(plain.ranges).toBeGreaterThan(1);
    expect(plain).toMatchObject({ status: 'succeeded', read: 300, good: 300 });
    expect(zipped).toMatchObject({ status: 'succeeded', read: 300, good: 300 });
    expect(found).toStrictEqual(
      rows.map((row, i) => ({
        ...row,
        event_type: null,
        value: null,
        line: i + 2 + lines,
      })),
    );
  });

  it('keeps a beginning of the quarantine, gzipped, and counts all of it', async () => {
    // Arrange: 500,000 lines of one letter are a million bytes, and would be a hundred million of quarantine.
    const file = Buffer.from('x\n'.repeat(500_000));

    // Act
    const report = await ingest('logs/a.jsonl.gz', gzipSync(file));

    // Assess
    expect(report).toMatchObject({ status: 'failed', read: 500_000, quarantined: 500_000 });
    const kept = await linesBelow(report.quarantine ?? 'none');
    expect(kept).toHaveLength(report.quarantineKept);
    expect(kept.map(({ line }) => line)).toStrictEqual(kept.map((_, i) => i + 1));
    expect(JSON.stringify(kept).length).toBeGreaterThan(3_000_000);
    expect(JSON.stringify(kept).length).toBeLessThan(4.3e6);
    const [key = ''] = await keysBelow(report.quarantine ?? 'none');
    expect((await objects.head(key))?.bytes).toBeLessThan(200_000);
    expect(report.insights.map(({ code }) => code)).toContain('quarantine-cut');
  });

  it('refuses what unpacks to more than text does, without reading it to its end', async () => {
    // Arrange: 40 KB that become 40 MB
    const bomb = gzipSync(Buffer.from('x\n'.repeat(20_000_000)), { level: 9 });

    // Act
    const report = await ingest('logs/bomb.jsonl.gz', bomb);

    // Assess
    expect(bomb.length).toBeLessThan(50_000);
    expect(report.status).toBe('failed');
    expect(report.message).toMatch(/more than 200 times as large when uncompressed/);
    expect(report.read).toBeLessThan(2_300_000);
    expect(await keysBelow('interactions/')).toStrictEqual([]);
  });

  it('refuses what a source uploads beyond its quota of the day, and reads what was before', async () => {
    // Arrange
    const rows = (count: number) => jsonLines(interactions(count));
    const first = await ingest('logs/shop/first.jsonl', rows(10));
    expect(rows(10).length).toBeLessThan(1000);

    // Act
    const second = await ingest('logs/shop/second.jsonl', rows(11));
    const other = await ingest('logs/others/third.jsonl', rows(12));
    await announce('logs/shop/first.jsonl');

    // Assess
    expect(first).toMatchObject({ status: 'succeeded', good: 10 });
    expect(second.status).toBe('failed');
    expect(second.message).toMatch(/shop would have uploaded .* MiB on a day.*maximumBytesPerDay/);
    expect(other).toMatchObject({ status: 'succeeded', good: 12 });
    expect(await keysBelow('quotas/shop/')).toHaveLength(1);
  });

  it('ignores the event of a version that is no longer there', async () => {
    // Arrange
    await upload('logs/a.jsonl', jsonLines(interactions(3)));
    const old = (await objects.head('logs/a.jsonl'))?.etag ?? '';
    await upload('logs/a.jsonl', jsonLines(interactions(4)));

    // Act
    await announce('logs/a.jsonl', old.replaceAll('"', ''));
    await announce('logs/gone.jsonl', old);

    // Assess
    expect(await keysBelow('uploads/')).toStrictEqual([]);
  });

  it('gives the same when every message comes twice, at the same time', async () => {
    // Arrange
    await ingest('logs/first.jsonl', jsonLines(interactions(300)));
    const once = await contents();

    // Act: events again after the end, then a second run with everything doubled.
    await announce('logs/first.jsonl');
    const late = await receive();
    const afterwards = await contents();
    await objects.remove(once.map(([key = '']) => key).filter((key) => !key.startsWith('logs/')));
    await Promise.all([announce('logs/first.jsonl'), announce('logs/first.jsonl')]);
    const messages = await receive();
    const answers = await Promise.all(
      messages.map((message) => parseRange(sqsBatch(message), lambdaContext)),
    );
    await Promise.all(messages.map((message) => parseRange(sqsBatch(message), lambdaContext)));

    // Assess
    expect(late).toStrictEqual([]);
    expect(afterwards).toStrictEqual(once);
    expect(answers.flatMap((answer) => answer.batchItemFailures)).toStrictEqual([]);
    expect(await contents()).toStrictEqual(once);
  });

  it.each([
    ['a range is parsed, before it is reported', (id: string) => uploads.rangeReport(id, 1)],
    ['all ranges are reported, before the upload is', (id: string) => uploads.report(id)],
  ])('goes on after a kill once %s', async (_, lost) => {
    // Arrange
    const id = await upload('logs/a.jsonl', jsonLines(interactions(300)));
    await announce('logs/a.jsonl');
    const messages = await receive();
    await parseRange(sqsBatch(...messages), lambdaContext);
    const before = await contents();

    // Act
    await objects.remove([lost(id), uploads.report(id)]);
    await parseRange(sqsBatch(...messages), lambdaContext);

    // Assess
    expect(messages.length).toBeGreaterThan(3);
    expect(await contents()).toStrictEqual(before);
    expect(await linesBelow('interactions/')).toHaveLength(300);
  });

  it('leaves no rows of a failed upload behind, though a message comes twice', async () => {
    // Arrange
    const rows = interactions(300).map((row, i) => (i % 3 === 0 ? { ...row, timestamp: 12 } : row));
    const id = await upload('logs/bad.jsonl', jsonLines(rows));
    await announce('logs/bad.jsonl');
    const messages = await receive();
    await parseRange(sqsBatch(...messages), lambdaContext);
    const plan = await objects.getJson(uploads.plan(id), uploadPlan);

    // Act: the second delivery was already parsing when the first one wrote the report.
    await objects.putBytes(rowsKey(plan, 1), 'rows of a late delivery');
    await parseRange(sqsBatch(messages[1]), lambdaContext);

    // Assess
    const report = await objects.getJson(uploads.report(id), uploadReport);
    expect(report.status).toBe('failed');
    expect(await keysBelow('interactions/')).toStrictEqual([]);
  });

  it('keeps the version of a part that a run may have begun with', async () => {
    // Arrange
    await ingest('logs/a.jsonl', jsonLines(interactions(20)));
    const [part = ''] = await keysBelow('interactions/');
    const before = await objects.head(part);

    // Act: a delivery that missed the range's report parses once more.
    const id = await identify('logs/a.jsonl');
    await objects.remove([uploads.rangeReport(id, 0)]);
    await parseRange(sqsBatch({ upload: id, range: 0 }), lambdaContext);

    // Assess
    expect(await objects.head(part)).toStrictEqual(before);
  });

  it('knows no item of a catalogue that failed or is half read', async () => {
    // Arrange
    const part = { item_id: 'item-0', title: 'Item 0', fields: {} };
    const half = '20261123T000000Z-0123456789abcdef';
    await objects.putBytes(items.part('2026-11-23', half, 0), gzipSync(jsonLines([part])));
    await ingest('catalog/items.jsonl', catalogue);

    // Act
    const report = await ingest('logs/a.jsonl', jsonLines(interactions(10)));

    // Assess
    const plan = await objects.getJson(uploads.plan(report.upload), uploadPlan);
    expect(plan.catalogue).toHaveLength(1);
    expect(plan.catalogue[0]).not.toContain(half);
  });

  it('fails an upload whose file is replaced or deleted before it is parsed', async () => {
    // Arrange
    const replaced = await upload('logs/replaced.jsonl', jsonLines(interactions(5)));
    const deleted = await upload('logs/deleted.jsonl', jsonLines(interactions(6)));
    await announce('logs/replaced.jsonl');
    await announce('logs/deleted.jsonl');
    await objects.putBytes('logs/replaced.jsonl', jsonLines(interactions(7)));
    await objects.remove(['logs/deleted.jsonl']);

    // Act
    const answer = await parseRange(sqsBatch(...(await receive())), lambdaContext);

    // Assess
    expect(answer).toStrictEqual({ batchItemFailures: [] });
    const first = await objects.getJson(uploads.report(replaced), uploadReport);
    const second = await objects.getJson(uploads.report(deleted), uploadReport);
    expect([first.status, second.status]).toStrictEqual(['failed', 'failed']);
    expect(first.message).toMatch(/replaced while it was being read/);
    expect(second.message).toMatch(/deleted while it was being read/);
  });

  it('lets logs wait for a catalogue that is still being read', async () => {
    // Arrange
    await upload('catalog/items.jsonl', catalogue);
    const id = await upload('logs/a.jsonl', jsonLines(interactions(10)));

    // Act
    const early = await announce('logs/a.jsonl');
    await announce('catalog/items.jsonl');
    await parseRange(sqsBatch(...(await receive())), lambdaContext);
    const later = await announce('logs/a.jsonl');
    await parseRange(sqsBatch(...(await receive())), lambdaContext);

    // Assess
    expect(early.batchItemFailures).toHaveLength(1);
    expect(later.batchItemFailures).toHaveLength(0);
    const report = await objects.getJson(uploads.report(id), uploadReport);
    expect(report.interactions?.catalogueItems).toBe(7);
  });

  it('returns only the message that failed', async () => {
    // Arrange
    const id = await upload('logs/a.jsonl', jsonLines(interactions(5)));
    await announce('logs/a.jsonl');
    const [good] = await receive();
    const batch = sqsBatch('no JSON', good, { upload: 'never-planned', range: 0 });

    // Act
    const answer = await parseRange(batch, lambdaContext);

    // Assess
    expect(answer.batchItemFailures.map((failure) => failure.itemIdentifier)).toStrictEqual([
      batch.Records[0]?.messageId,
      batch.Records[2]?.messageId,
    ]);
    expect(await objects.head(uploads.report(id))).toBeDefined();
  });

  it('reports on each range with sketches that hold no ids', async () => {
    // Arrange
    const report = await ingest('logs/a.jsonl', jsonLines(interactions(50)));

    // Act
    const range = await objects.getJson(uploads.rangeReport(report.upload, 0), rangeReport);

    // Assess
    expect(range.tally.good).toBe(50);
    expect(JSON.stringify(range)).not.toContain('user-');
    expect(JSON.stringify(report)).not.toContain('user-');
  });
});
