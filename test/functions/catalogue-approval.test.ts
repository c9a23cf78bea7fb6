import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listIngested } from '#functions/shared/ingested-parts.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { items, uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import { approveUpload } from '#lib/interactions/approval.ts';
import { startIngestion } from './ingest.ts';

let ingestion: Awaited<ReturnType<typeof startIngestion>>;
beforeAll(async () => {
  ingestion = await startIngestion('approval', {
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
  });
});
afterAll(() => ingestion.stop());
beforeEach(async () => {
  ingestion.bus.put.length = 0;
  const keys: string[] = [];
  for await (const { key } of ingestion.objects.list('')) keys.push(key);
  if (keys.length > 0) await ingestion.objects.remove(keys);
});

/** Items from `from` to `to`, of which those below `renamed` have another title. */
const catalogue = (from: number, to: number, renamed = 0) =>
  Array.from({ length: to - from }, (_, i) => {
    const item_id = from + i;
    const title = `${item_id < renamed ? 'New' : 'Old'} ${item_id}`;
    return `${JSON.stringify({ item_id: String(item_id), title })}\n`;
  }).join('');

/** The uploads whose items count. */
async function counted(): Promise<(string | undefined)[]> {
  const { parts } = await listIngested(ingestion.objects, items.prefix);
  return parts.map(({ key }) => uploadOfPart(key));
}
const now = new Date('2026-11-24T08:00:00.000Z');
const approve = (upload: string) => approveUpload(ingestion.objects, upload, now);

describe('An upload that changes much of the catalogue', () => {
  it('waits, says so, and takes effect once it is approved', async () => {
    // Arrange
    const first = await ingestion.ingest('catalog/items.jsonl', catalogue(0, 40));
    // Act: 22 titles change, and two items leave.
    const second = await ingestion.ingest('catalog/items.jsonl', catalogue(0, 38, 22));
    const before = await counted();
    const approved = [await approve(second.upload), await approve(second.upload)];
    // Assess
    expect(first.status).toBe('succeeded');
    expect(second).toMatchObject({ status: 'waiting', good: 38 });
    expect(second.message).toMatch(
      /changes 60 % of the 40 items .*\(22 titles; 2 items leave\).* 50 % .*npx lea approve --upload/,
    );
    expect(before).toStrictEqual([first.upload]);
    expect(approved).toStrictEqual([true, false]);
    expect((await counted()).toSorted()).toStrictEqual([first.upload, second.upload].toSorted());
    expect(ingestion.bus.put.map(({ DetailType }) => DetailType)).toStrictEqual(['Upload Waiting']);
    expect(JSON.parse(ingestion.bus.put[0]!.Detail)).toMatchObject({
      upload: second.upload,
      status: 'waiting',
      message: second.message,
    });
  });

  it('stays as it was decided when it is told of again', async () => {
    await ingestion.ingest('catalog/items.jsonl', catalogue(0, 40));
    const { upload } = await ingestion.ingest('catalog/items.jsonl', catalogue(0, 40, 30));
    await approve(upload);
    expect(await ingestion.notice('catalog/items.jsonl')).toBe(0);
    expect(await counted()).toContain(upload);
    expect(ingestion.bus.put).toHaveLength(1);
  });

  it('is what it becomes beside an upload that waits: that one has no say', async () => {
    await ingestion.ingest('catalog/items.jsonl', catalogue(0, 40));
    await ingestion.ingest('catalog/items.jsonl', catalogue(0, 40, 30));
    const mended = await ingestion.ingest('catalog/items.jsonl', catalogue(0, 40, 3));
    expect(mended.status).toBe('succeeded');
  });

  it.each([
    ['the first one there is', [], catalogue(0, 40)],
    ['one with new items only', [['catalog/a.jsonl', catalogue(0, 40)]], catalogue(40, 400)],
    ['half of the titles, no more', [['catalog/b.jsonl', catalogue(0, 40)]], catalogue(0, 40, 20)],
    ['most of a handful', [['catalog/b.jsonl', catalogue(0, 19)]], catalogue(0, 19, 15)],
    [
      'items that another file keeps',
      [
        ['catalog/a.jsonl', catalogue(0, 40)],
        ['catalog/b.jsonl', catalogue(0, 40)],
      ],
      catalogue(0, 5),
    ],
  ] as const)('passes if it is %s', async (_, before, next) => {
    for (const [key, body] of before) await ingestion.ingest(key, body);
    expect((await ingestion.ingest('catalog/b.jsonl', next)).status).toBe('succeeded');
  });

  it('counts items that leave with the file that had them', async () => {
    await ingestion.ingest('catalog/b.jsonl', catalogue(0, 40));
    expect((await ingestion.ingest('catalog/b.jsonl', catalogue(0, 5))).status).toBe('waiting');
  });
});

describe('Function: approveUpload', () => {
  it('refuses what does not wait, and what is not there', async () => {
    const { upload } = await ingestion.ingest('catalog/items.jsonl', catalogue(0, 3));
    await expect(approve(upload)).rejects.toThrow(/catalog\/items\.jsonl does not wait.*is used/);
    await expect(approve('nowhere')).rejects.toThrow(ValidationError);
    await expect(approve('nowhere')).rejects.toThrow(uploads.report('nowhere'));
  });
});
