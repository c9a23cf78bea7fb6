import { describe, expect, it } from 'vitest';
import { evaluationConfig } from '#lib/contracts/config/promotion.ts';
import { assessLists } from '#lib/evaluation/list-metrics.ts';
import { casesOf } from '../sequences/cases.ts';

const config = evaluationConfig.parse({ bootstrapSamples: 100 });

describe('Function: assessLists', () => {
  // Two cases of one basket, then one of another user.
  const cases = casesOf([
    { user: 'a', history: [1], target: 2, request: 0 },
    { user: 'a', history: [1], target: 3, request: 0 },
    { user: 'b', history: [1], target: 3, request: 1 },
  ]);

  it('counts the list of a request once, and no empty place', () => {
    // Arrange: items 1 to 4 have 7, 3, 1 and 0 actions, so with one more each 8, 4, 2 and 1 of 15.
    const itemCounts = Int32Array.of(7, 3, 1, 0);
    const items = Int32Array.of(1, 2, 0, 1, 2, 0, 1, 3, 4);

    // Act
    const metrics = assessLists({ items, listLength: 3 }, cases, itemCounts, config);

    // Assess
    const bits = [8, 4, 8, 2, 1].map((count) => Math.log2(15 / count));
    expect(metrics.distinctItems).toBe(4);
    expect(metrics.coverage).toBe(1);
    expect(metrics.commonestShare).toBe(1);
    expect(metrics.novelty.value).toBeCloseTo(bits.reduce((a, b) => a + b) / 5, 12);
    expect(metrics.novelty.low).toBeLessThan(metrics.novelty.high);
  });

  it('counts items of the catalogue that training did not know as shown, and as taken by nobody', () => {
    // Arrange: items 3 and 4 are of the catalogue alone
    const itemCounts = Int32Array.of(3, 1);
    const items = Int32Array.of(1, 4, 1, 4, 3, 0);

    // Act
    const metrics = assessLists({ items, listLength: 2 }, cases, itemCounts, config);

    // Assess: with one more each, items have 4, 2, 1 and 1 of 6
    const bits = [4, 1, 1].map((count) => Math.log2(6 / count));
    expect(metrics.distinctItems).toBe(3);
    expect(metrics.coverage).toBe(1 / 2);
    expect(metrics.novelty.value).toBeCloseTo(bits.reduce((a, b) => a + b) / 3, 12);
  });

  it('counts among the catalogue what is of the catalogue', () => {
    const items = Int32Array.of(1, 2, 5, 1, 2, 5);

    const metrics = assessLists({ items, listLength: 3 }, cases, Int32Array.of(3, 1, 1), config);

    expect(metrics).toMatchObject({ distinctItems: 3, coverage: 2 / 3, commonestShare: 1 });
  });

  it('is the share of the ten commonest items in all places', () => {
    // Arrange: of 12 items, ten are shown twice and two once.
    const twelve = Array.from({ length: 12 }, (_, at) => at + 1);
    const lists = [twelve, twelve, [...twelve.slice(0, 10), 0, 0]].flat();
    const itemCounts = new Int32Array(20).fill(1);

    // Act
    const metrics = assessLists(
      { items: Int32Array.from(lists), listLength: 12 },
      cases,
      itemCounts,
      config,
    );

    // Assess
    expect(metrics.distinctItems).toBe(12);
    expect(metrics.coverage).toBe(12 / 20);
    expect(metrics.commonestShare).toBeCloseTo(20 / 22, 12);
  });
});
