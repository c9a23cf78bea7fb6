import { describe, expect, it } from 'vitest';
import { summarise } from '#cli/experiments/summary.ts';

describe('Function: summarise', () => {
  it('gives means and sample deviations over the seeds', () => {
    // Arrange
    const cell = (name: string, seed: number, ndcg10: number, ranks: number[], cold = 0.1) =>
      ({
        result: {
          ...{ name, seed, hr5: 0.1, ndcg5: 0.05, hr10: 0.2, ndcg10, shown: 10 * seed },
          cold: { cases: 1, hr10: cold, warmHr10: 0.3 },
        },
        ranks: Int32Array.from(ranks),
      }) as never;

    // Act
    const [a, b] = summarise(
      [cell('a', 1, 0.1, [1, 0]), cell('a', 2, 0.3, [3, 0], 0.3), cell('b', 1, 0.5, [3, 1])],
      ['u', 'v'],
    );

    // Assess
    expect(a).toMatchObject({ name: 'a', seeds: 2 });
    expect(a!.mean.ndcg10).toBeCloseTo(0.2, 12);
    expect(a!.deviation!.ndcg10).toBeCloseTo(Math.sqrt(0.02), 12);
    expect(b!.deviation).toBeNull();
    expect(a!.cold).toStrictEqual({ cases: 1, hr10: 0.2, warmHr10: 0.3 });
    expect(a!.shown).toBe(15);
    // Of seed 1, which both have: user u loses half, user v gains all.
    expect(a!.gain).toBeNull();
    expect(b!.gain!.value).toBeCloseTo(0.25, 12);
    expect([b!.gain!.low, b!.gain!.high]).toStrictEqual([-0.5, 1]);
  });
});
