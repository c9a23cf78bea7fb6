import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gatherBill } from '#functions/publish-report/bill.ts';
import { parseConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import prices from '../../../config/prices.json' with { type: 'json' };
import { startBucket } from '../bucket.ts';

const run = 'night';
const config = parseConfig(
  {
    training: { models: [{ name: 'a', backbone: 'sasrec', objective: 'supervised' }] },
    operations: { buildSequencesMegabytes: 2048 },
  },
  'test',
);
const range = { low: 1, expected: 2, high: 3 };
const part = (kind: string) => ({ part: kind, kind, seconds: range, usd: range });

let bucket: Awaited<ReturnType<typeof startBucket>>;
beforeEach(async () => {
  bucket = await startBucket();
});
afterEach(() => bucket.stop());

const timings = [
  { state: 'BuildSequences', seconds: 10 },
  { state: 'FitRivals', seconds: 40 },
  { state: 'EvaluateModels', seconds: 100 },
];
const gather = () => gatherBill(bucket.objects, { run, config, interactions: 1000, timings });

describe('Function: gatherBill', () => {
  it('adds up what jobs, the endpoint and functions have left', async () => {
    // Arrange
    const { objects } = bucket;
    const parts = ['functions', 'ask', 'waiting', 'train', 'storage'].map(part);
    await objects.putJson(runs.cost(run), { parts, usd: range, times: [] });
    const ask = { kind: 'ask', instanceType: 'ml.g5.xlarge', seconds: 1800 };
    const train = { kind: 'train', instanceType: 'ml.c6i.2xlarge', seconds: 3600 };
    await objects.putJson(runs.paid(run, 'lea-night-environment'), ask);
    await objects.putJson(runs.paid(run, 'lea-night-a-0'), train);
    // The last call is of an earlier release.
    const times = [{ milliseconds: 1500 }, { milliseconds: 500 }, {}];
    const calls = times.map((time) => ({ parts: [], ...time }));
    await objects.putJson(`${runs.augmentationResultsPrefix(run)}x/SUCCEEDED_0.json`, calls);
    const made = { dataHash: 'd', countsAsOf: 'request', rivalCountsShare: 1 };
    await objects.putJson(runs.rankedRivals(run), { made, seconds: 20, rivals: [] });
    // Act
    const bill = new Map((await gather()).map((each) => [each.part, each]));
    // Assess
    expect(bill.get('ask')?.usd).toBeCloseTo(prices.instanceHour['ml.g5.xlarge'] / 2, 12);
    expect(bill.get('train')?.usd).toBeCloseTo(prices.instanceHour['ml.c6i.2xlarge'], 12);
    expect(bill.get('waiting')?.gbSeconds).toBeCloseTo((2 * 1769) / 1024, 12);
    expect(bill.get('functions')?.gbSeconds).toBeCloseTo(
      10 * 2 + (40 + 20 + 100) * (3008 / 1024),
      9,
    );
    expect(bill.get('storage')).toMatchObject({ isMeasured: false, usd: 2 });
  });

  it('is empty where the run has no estimate', async () => {
    expect(await gather()).toStrictEqual([]);
  });
});
