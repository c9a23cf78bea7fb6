import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { missingBatch } from '#functions/recommend-batch/missing.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import type { RunStatus } from '#lib/contracts/run.ts';
import { startBucket } from '../bucket.ts';

const now = new Date('2026-11-24T06:00:00.000Z');
let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000).toISOString();
const ended = (run: string, hours: number, status: RunStatus['status'] = 'succeeded') =>
  bucket.objects.putJson(runs.status(run), {
    run,
    status,
    startedAt: hoursAgo(hours + 2),
    endedAt: hoursAgo(hours),
  } satisfies RunStatus);
const promoted = () => bucket.objects.putJson(serving.champion, {});
const made = (run: string) => bucket.objects.putJson(serving.recommendationsManifest(run), {});
const missing = () => missingBatch(bucket.objects, now);

describe('Function: missingBatch', () => {
  it('names the newest run that succeeded, until its manifest is there', async () => {
    await promoted();
    await ended('older', 20);
    await ended('newer', 3);
    await made('older');
    expect(await missing()).toBe('newer');
    await made('newer');
    expect(await missing()).toBeUndefined();
  });

  it.each(['failed', 'skipped'] as const)('expects nothing of a run that %s', async (status) => {
    await promoted();
    await ended('a', 5);
    await made('a');
    await ended('b', 1, status);
    expect(await missing()).toBeUndefined();
  });

  it('expects nothing while nobody has been promoted, nor of a run that is running', async () => {
    await ended('a', 2);
    expect(await missing()).toBeUndefined();
    await promoted();
    await bucket.objects.putJson(runs.status('a'), {
      run: 'a',
      status: 'running',
      startedAt: hoursAgo(2),
    } satisfies RunStatus);
    expect(await missing()).toBeUndefined();
  });

  it('leaves a run alone after a day: its lists may have been deleted', async () => {
    await promoted();
    await ended('a', 25);
    expect(await missing()).toBeUndefined();
  });
});
