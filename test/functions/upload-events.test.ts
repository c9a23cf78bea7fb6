import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { uploads } from '#lib/contracts/keys.ts';
import { uploadEvent } from '#lib/contracts/status-event.ts';
import { startIngestion } from './ingest.ts';

let ingestion: Awaited<ReturnType<typeof startIngestion>>;
beforeAll(async () => {
  ingestion = await startIngestion('upload-events', {
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
  });
});
afterAll(() => ingestion.stop());
beforeEach(() => {
  ingestion.bus.put.length = 0;
  ingestion.bus.door.isThere = true;
});

const good = '{"user_id":"u","item_id":"i","timestamp":1700000000}\n';
const bad = '{"user_id":"u","item_id":"i","timestamp":12}\n'.repeat(20);
const announced = () =>
  ingestion.bus.put.map(({ Detail, ...rest }) => ({ ...rest, detail: JSON.parse(Detail) }));

async function reports(): Promise<number> {
  let count = 0;
  for await (const { key } of ingestion.objects.list(uploads.reportPrefix)) {
    if (key.endsWith('/report.json')) count++;
  }
  return count;
}

describe('An upload that is not used', () => {
  it.each([
    ['refused as it is planned', 'logs/a.xyz', 'x', /must end in/],
    ['full of bad rows', 'logs/a.jsonl', bad, /are bad/],
  ])('and was %s raises one event, with the report’s message', async (_, key, body, message) => {
    // Act
    const report = await ingestion.ingest(key, body);
    // Told once more, as queues do.
    expect(await ingestion.notice(key)).toBe(0);
    // Assess
    expect(announced()).toStrictEqual([
      {
        EventBusName: 'lea-dev',
        Source: 'lea',
        DetailType: 'Upload Failed',
        detail: {
          schemaVersion: 1,
          upload: report.upload,
          file: key,
          kind: 'logs',
          status: 'failed',
          message: report.message,
          arrivedAt: report.arrivedAt,
          report: uploads.report(report.upload),
        },
      },
    ]);
    expect(uploadEvent.parse(announced()[0]!.detail).message).toMatch(message);
  });

  it.each([
    ['used', 'logs/good.jsonl', good],
    ['no data', 'logs/_temporary/x.csv', 'x'],
  ])('is none where it is %s: nothing is raised', async (_, key, body) => {
    await ingestion.ingest(key, body);
    expect(announced()).toStrictEqual([]);
  });

  it.each([
    ['logs/b.xyz', 'x'],
    ['logs/b.jsonl', bad],
  ])('%s has its report only once the bus has its event', async (key, body) => {
    // Arrange
    const before = await reports();
    ingestion.bus.door.isThere = false;
    await ingestion.objects.putBytes(key, body);
    // Act
    const failedAtFirst = await ingestion.notice(key);
    const between = await reports();
    ingestion.bus.door.isThere = true;
    const failedThen = await ingestion.notice(key);
    // Assess
    expect([failedAtFirst, failedThen]).toStrictEqual([1, 0]);
    expect([between - before, (await reports()) - before]).toStrictEqual([0, 1]);
    expect(announced()).toHaveLength(1);
  });
});
