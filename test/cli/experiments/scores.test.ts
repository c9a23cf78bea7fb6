import { describe, expect, it } from 'vitest';
import { coldScores } from '#cli/experiments/scores.ts';

describe('Function: coldScores', () => {
  it('tells items without a training action from the others', () => {
    // Arrange: items 1 and 2 have one
    const targets = Int32Array.of(1, 2, 3, 4, 3);
    // Assess
    expect(coldScores(Int32Array.of(1, 11, 10, 0, 12), targets, 2)).toStrictEqual({
      cases: 3,
      hr10: 1 / 3,
      warmHr10: 1 / 2,
    });
    expect(coldScores(Int32Array.of(1, 1, 1, 1, 1), targets, 4)).toBeNull();
  });
});
