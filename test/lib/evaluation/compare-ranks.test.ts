import { describe, expect, it } from 'vitest';
import { compareRanks } from '#lib/evaluation/compare-ranks.ts';
import { bootstrapMeans } from '#lib/evaluation/resampling.ts';
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

  it('has the standard deviation of the resampled differences', () => {
    // Arrange
    const a = Int32Array.of(1, 1, 3, 0);
    const b = Int32Array.of(1, 0, 1, 3);
    const users = ['a', 'b', 'c', 'd'];
    const columns = [Float64Array.of(1, 1, 0.5, 0), Float64Array.of(1, 0, 1, 0.5)];
    const cases = new Float64Array(4).fill(1);
    const [means, peers] = bootstrapMeans({ cases, columns }, 3, 1);
    const differences = [...means!].map((value, sample) => value - peers![sample]!);
    const mean = differences.reduce((sum, value) => sum + value, 0) / 3;
    const squares = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0);

    // Act
    const { standardError } = compareRanks(users, a, b, { ...settings, bootstrapSamples: 3 });

    // Assess
    expect(squares).toBeGreaterThan(0);
    expect(standardError).toBeCloseTo(Math.sqrt(squares / 2), 12);
  });

  it('has no error where one is the other', () => {
    const ranks = Int32Array.of(1, 4, 0);

    expect(compareRanks(['a', 'b', 'c'], ranks, ranks, settings)).toMatchObject({
      difference: { value: 0, low: 0, high: 0 },
      standardError: 0,
    });
  });
});
