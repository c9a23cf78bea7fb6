import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanOverCases, rankMetrics, rewardMetrics } from '#lib/evaluation/metrics.ts';

describe('Function: rankMetrics', () => {
  it.each([
    ['hr@1', [1 / 5]],
    ['hr@3', [3 / 5]],
    ['mrr@3', [(1 + 1 / 2 + 1 / 3) / 5]],
    ['mrr@10', [(1 + 1 / 2 + 1 / 3 + 1 / 7) / 5]],
    ['ndcg@1', [1 / 5]],
    ['ndcg@3', [(1 + 1 / Math.log2(3) + 1 / 2) / 5]],
    ['ndcg@10', [(1 + 1 / Math.log2(3) + 1 / 2 + 1 / 3) / 5]],
  ])('%s of the ranks 1, 2, 3, 7 and a miss is as by hand', (name, [expected]) => {
    // Arrange
    const ranks = Int32Array.of(1, 2, 3, 7, 0);

    // Act
    const value = meanOverCases(ranks, rankMetrics([1, 3, 10]).get(name)!);

    // Assess
    expect(value).toBeCloseTo(expected!, 12);
  });

  it('agrees with the metrics computed from the whole list of items', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        (rank, cutoff) => {
          // Arrange: a list of relevances, cut off, and its ideal order.
          const list = Array.from({ length: 30 }, (_, place) => (place + 1 === rank ? 1 : 0));
          const shown = list.slice(0, cutoff);
          const gain = (relevances: number[]) =>
            relevances.reduce<number>((sum, one, place) => sum + one / Math.log2(place + 2), 0);

          // Act
          const metrics = rankMetrics([cutoff]);
          const value = (name: string) => metrics.get(`${name}@${cutoff}`)!(rank);

          // Assess
          expect(value('hr')).toBe(Math.max(...shown));
          expect(value('ndcg')).toBeCloseTo(gain(shown) / gain([1]), 12);
          expect(value('mrr')).toBeCloseTo(shown.includes(1) ? 1 / (shown.indexOf(1) + 1) : 0, 12);
        },
      ),
    );
  });

  it('names each cut-off once, in order', () => {
    expect([...rankMetrics([20, 5, 20]).keys()]).toEqual([
      'hr@5',
      'ndcg@5',
      'mrr@5',
      'hr@20',
      'ndcg@20',
      'mrr@20',
    ]);
  });
});

describe('Function: meanOverCases', () => {
  it('is 0 where there is no case', () => {
    expect(meanOverCases(new Int32Array(0), () => 1)).toBe(0);
  });
});

describe('Function: rewardMetrics', () => {
  it('is the reward of the held-out action where it is in the list', () => {
    const metrics = rewardMetrics([2, 0.5, 3, 4], [1, 3]);
    const of = (name: string) => [1, 3, 4, 0].map((rank, at) => metrics.get(name)!(rank, at));

    expect([...metrics.keys()]).toEqual(['reward@1', 'reward@3']);
    expect(of('reward@1')).toEqual([2, 0, 0, 0]);
    expect(of('reward@3')).toEqual([2, 0.5, 0, 0]);
  });
});
