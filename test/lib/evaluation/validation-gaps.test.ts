import { describe, expect, it } from 'vitest';
import { gapsToBest } from '#lib/evaluation/validation-gaps.ts';

/** NDCG of rank 1 is 1, of rank 3 is 1/2, of rank 0 nothing. */
const ranks = (...values: number[]) => Int32Array.from(values);

describe('Function: gapsToBest', () => {
  it('is the mean paired difference and its standard error over users', () => {
    // Arrange: two cases of a, one each of b and c; the differences are 1/2, 0 | 1 | 0.
    const users = ['a', 'a', 'b', 'c'];
    const best = ranks(1, 3, 1, 3);
    const other = ranks(3, 3, 0, 3);

    // Act
    const gaps = gapsToBest(users, [
      { name: 'other', ranks: other },
      { name: 'best', ranks: best },
    ]);

    // Assess: D = 3/8; the users' deviations are 1/2 - 2 D, 1 - D and 0 - D.
    const deviations = [0.5 - 0.75, 1 - 0.375, -0.375];
    const squares = deviations.reduce((sum, value) => sum + value ** 2, 0);
    expect(gaps.map(({ name }) => name)).toEqual(['other', 'best']);
    expect(gaps[0]!.behind).toBeCloseTo(0.375, 12);
    expect(gaps[0]!.standardError).toBeCloseTo(Math.sqrt((squares * 3) / 2) / 4, 12);
    expect(gaps[1]).toEqual({ name: 'best', behind: 0, standardError: 0 });
  });

  it('measures from the first of those that are alike', () => {
    const gaps = gapsToBest(
      ['a', 'b'],
      [
        { name: 'one', ranks: ranks(1, 0) },
        { name: 'two', ranks: ranks(0, 1) },
      ],
    );
    expect(gaps.map(({ behind }) => behind)).toEqual([0, 0]);
    expect(gaps[0]!.standardError).toBe(0);
    expect(gaps[1]!.standardError).toBeGreaterThan(0);
  });
});
