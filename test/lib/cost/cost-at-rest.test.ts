import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { costAtRest } from '#lib/cost/cost-at-rest.ts';
import { parsePrices } from '#lib/cost/prices.ts';

const file = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../../config/${name}`, import.meta.url), 'utf8'));
const tables = parsePrices(file('prices.json'), file('throughput.json'));

describe('Function: costAtRest', () => {
  it('stays below 5 USD a month for the pipeline as it is', () => {
    // Arrange
    const resting = {
      alarmMetrics: 21,
      customMetrics: 2,
      polledQueues: 3,
      imageGigabytes: 6,
      dataGigabytes: 5,
      customerManagedKey: false,
      provisionedConcurrency: 0,
    };
    const totalOf = (counts: typeof resting) =>
      costAtRest(counts, tables).reduce((sum, part) => sum + part.usd, 0);
    // Assess
    expect(totalOf(resting)).toBeGreaterThan(2);
    expect(totalOf(resting)).toBeLessThan(5);
    expect(totalOf({ ...resting, customerManagedKey: true }) - totalOf(resting)).toBeCloseTo(1, 9);
    expect(totalOf({ ...resting, provisionedConcurrency: 1 })).toBeGreaterThan(10);
  });
});
