import { describe, expect, it } from 'vitest';
import { compareRanks } from '#lib/evaluation/compare-ranks.ts';
import { randomStream } from '#lib/recommender/random.ts';

const settings = { bootstrapSamples: 2000, confidence: 0.95, seed: 1 };

describe('Function: compareRanks', () => {
  it('gives the means of both and their difference, users counted once', () => {
    const users = ['a', 'b', 'a', 'c'];

    const compared = compareRanks(
      users,
      Int32Array.of(1, 0, 3, 11),
      Int32Array.of(1, 1, 0, 3),
      settings,
    );

    expect(compared.users).toBe(3);
    expect(compared.a.value).toBeCloseTo((1 + 0.5) / 4, 12);
    expect(compared.b.value).toBeCloseTo((1 + 1 + 0.5) / 4, 12);
    expect(compared.difference.value).toBeCloseTo(-0.25, 12);
  });

  it('has intervals and a standard error as the theory has them', () => {
    // Arrange: one case a user; the first hits 60 % at rank 1, the second the same cases and a tenth more.
    const random = randomStream(5, 'compare');
    const draws = Array.from({ length: 1000 }, () => random.uniform());
    const users = draws.map((_, user) => `u${user}`);
    const a = Int32Array.from(draws, (draw) => (draw < 0.6 ? 1 : 0));
    const b = Int32Array.from(draws, (draw) => (draw < 0.7 ? 1 : 0));
    const share = draws.filter((draw) => draw >= 0.6 && draw < 0.7).length / draws.length;
    const error = Math.sqrt((share * (1 - share)) / draws.length);

    // Act
    const compared = compareRanks(users, a, b, settings);

    // Assess
    expect(compared.difference.value).toBeCloseTo(-share, 12);
    expect(compared.standardError / error).toBeCloseTo(1, 1);
    expect((compared.difference.high + share) / error).toBeCloseTo(1.96, 0);
    expect((-share - compared.difference.low) / error).toBeCloseTo(1.96, 0);
    for (const { low, value, high } of [compared.a, compared.b]) {
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
    expect(compareRanks(users, a, b, settings)).toEqual(compared);
  });

  it('has no error where one is the other', () => {
    const ranks = Int32Array.of(1, 4, 0);

    expect(compareRanks(['a', 'b', 'c'], ranks, ranks, settings)).toMatchObject({
      difference: { value: 0, low: 0, high: 0 },
      standardError: 0,
    });
  });
});
