import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { countAnew, countEverybody } from '#functions/build-sequences/count-anew.ts';
import { countRange, countUpload } from '#functions/parse-range/count.ts';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { runs, serving, uploads } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { rowsKey, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { decodeFreshCounts, freshCountsFile } from '#lib/popularity/fresh-counts.ts';
import { gatherEverybody } from '#lib/sequences/everybody.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import type { Objects } from '#platform/objects.ts';
import { sorted } from '../lib/interactions/sorted.ts';
import { histories, logOf } from '../lib/sequences/arbitraries.ts';
import { startBucket } from './bucket.ts';

const config = interactionsConfig.parse({ eventRewards: { view: 0 } });
const arrivedAt = '2026-11-23T10:00:00.000Z';
const arrived = Date.parse(arrivedAt) / 1000;
const day = 86_400;

let bucket: Awaited<ReturnType<typeof startBucket>>;
let objects: Objects;
beforeEach(async () => {
  bucket = await startBucket();
  objects = bucket.objects;
});
afterEach(() => bucket.stop());

/** An upload of one range per list of items, all taken a day before it arrived, that has been reported on. */
async function uploaded(
  upload: string,
  ranges: readonly string[],
  { status = 'succeeded', event_type = null as string | null } = {},
): Promise<UploadPlan> {
  const plan = { upload, kind: 'logs', arrivedAt, ranges: ranges.map(() => ({})) } as never;
  for (const [range, items] of ranges.entries()) {
    const rows = items.split(' ').map((item_id, line) => {
      const timestamp = arrived - day;
      return { user_id: 'u', item_id, timestamp, event_type, value: null, line: line + 1 };
    });
    await objects.putBytes(rowsKey(plan, range), sorted(rows));
    const tally = { interactions: { lastTimestamp: arrived - day } };
    await objects.putJson(uploads.rangeReport(upload, range), { tally });
  }
  await objects.putJson(uploads.report(upload), { status });
  return plan;
}

async function fresh() {
  return decodeFreshCounts(await objects.getJson(serving.freshCounts, freshCountsFile));
}

/** Actions of all time by item. */
async function totals(): Promise<Record<string, number>> {
  const { counts } = await fresh();
  return Object.fromEntries([...counts.counts].map(([item, own]) => [item, own.at(-1)!]).sort());
}

const count = (plan: UploadPlan) => countUpload(objects, plan, config);

describe('Function: countUpload', () => {
  it('adds each upload once, however often and in whatever order it is asked to', async () => {
    // Arrange
    const first = await uploaded('a', ['x y', 'x']);
    const second = await uploaded('b', ['z x']);
    await countRange(objects, first, 1, config);
    // Act: all at once, as many instances of the function do, and again.
    const added = await Promise.all([first, second, first, second].map(count));
    const again = [await count(second), await count(first)];
    // Assess
    expect(added.filter(Boolean)).toHaveLength(2);
    expect(again).toStrictEqual([false, false]);
    expect(await totals()).toStrictEqual({ x: 3, y: 1, z: 1 });
    const { counts } = await fresh();
    // As of the newest action, however late the upload came.
    expect(counts.asOf).toBe(arrived - day);
    expect(counts.counts.get('x')![1]).toBeCloseTo(3, 5);
  });

  it('leaves out what is no action, and uploads that failed', async () => {
    await count(await uploaded('a', ['x']));
    expect(await count(await uploaded('b', ['y'], { status: 'failed' }))).toBe(false);
    await count(await uploaded('c', ['z'], { event_type: 'view' }));
    expect(await totals()).toStrictEqual({ x: 1 });
  });
});

describe('Function: countAnew', () => {
  /** A night that saw these uploads, whose users took these items. */
  async function night(run: string, seen: readonly UploadPlan[], createdAt: string) {
    const all = histories({ u1: 'x y', u2: 'x' });
    const log = logOf(all, {
      catalogue: new Map([
        ['x', { title: 'X', fields: {} }],
        ['y', { title: 'Y', fields: {}, hasLeft: true }],
      ]),
    });
    const ordered = orderHistories(log, { policy: 'upload-order', seed: 1 });
    const everybody = gatherEverybody(log, ordered, { window: 5 });
    const interactions = seen.map((plan) => ({ key: rowsKey(plan, 0), etag: 'e', size: 1 }));
    const inputs = { interactions, items: [] };
    const manifest: RunManifest = { run, createdAt, inputs, attempts: [] };
    await objects.putJson(runs.manifest(run), manifest);
    return countAnew(objects, manifest, everybody.items, countEverybody(everybody, manifest));
  }
  const later = '2030-01-01T00:00:00.000Z';

  it('replaces what uploads added up to, keeps those that it did not see, and is not repeated', async () => {
    // Arrange
    const [seen, unseen, late] = [
      await uploaded('a', ['x x x x']),
      await uploaded('b', ['z']),
      await uploaded('c', ['x']),
    ];
    await count(seen);
    await count(unseen);
    // Act
    const written = await night('one', [seen, late], later);
    // A message comes again, and one that was late: both were seen.
    const again = [await count(seen), await count(late), await count(unseen)];
    const older = await night('zero', [], '2029-01-01T00:00:00.000Z');
    // Assess
    expect(written).toBe(true);
    expect(again).toStrictEqual([false, false, false]);
    expect(older).toBe(false);
    expect(await totals()).toStrictEqual({ x: 2, y: 1, z: 1 });
    const { base, uploads: added, left, counts } = await fresh();
    expect(counts.asOf).toBeLessThan(Date.parse(later) / 1000 - day);
    expect(base).toStrictEqual({ run: 'one', snapshotAt: later });
    expect([...added]).toStrictEqual(['b']);
    expect([...left]).toStrictEqual(['y']);
  });

  it('is added to by uploads that come after it', async () => {
    await night('one', [], later);
    expect(await count(await uploaded('d', ['x n']))).toBe(true);
    expect(await totals()).toStrictEqual({ n: 1, x: 3, y: 1 });
  });
});
