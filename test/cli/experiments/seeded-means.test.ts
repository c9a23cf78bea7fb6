import { describe, expect, it } from 'vitest';
import { bootstrapDifference, bootstrapSeeds } from '#cli/experiments/seeded-means.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** `[seeds][users]` normal values around the mean of each seed. */
const drawn = (means: readonly number[], users: number, spread: number, key = 'values') =>
  means.map((mean, seed) => {
    const random = randomStream(1, key, seed);
    return Float64Array.from({ length: users }, () => mean + spread * random.normal());
  });

describe('Function: bootstrapSeeds', () => {
  it('agrees with the standard error where seeds do not differ', () => {
    const { value, low, high, p } = bootstrapSeeds(drawn([0.1, 0.1, 0.1, 0.1, 0.1], 400, 1));

    const error = 1.96 / Math.sqrt(2000);
    expect(value).toBeCloseTo(0.1, 1);
    expect((high - low) / 2).toBeGreaterThan(0.8 * error);
    expect((high - low) / 2).toBeLessThan(2 * error);
    expect(p).toBeLessThan(0.01);
  });

  it('is as wide as seeds differ, however many users there are', () => {
    const values = drawn([-0.3, 0.4, 0.5, 0.6, 0.3], 4000, 0.1);

    const { low, high } = bootstrapSeeds(values);

    // The standard deviation of these five is 0.35: that of their mean 0.14.
    expect(high - low).toBeGreaterThan(0.4);
    expect(high - low).toBeLessThan(0.7);
  });

  it('gives a p-value near 1 where there is nothing, and never 0', () => {
    expect(bootstrapSeeds([Float64Array.of(-1, 1), Float64Array.of(1, -1)]).p).toBeGreaterThan(0.9);
    expect(bootstrapSeeds([Float64Array.of(1, 1), Float64Array.of(1, 1)]).p).toBeCloseTo(
      2 / 2001,
      10,
    );
  });

  it('refuses seeds without values', () => {
    expect(() => bootstrapSeeds([])).toThrow(RangeError);
    expect(() => bootstrapSeeds([new Float64Array(0)])).toThrow(RangeError);
  });
});

describe('Function: bootstrapDifference', () => {
  it('is narrower than either where users are alike in both', () => {
    const base = drawn([5, 7, 3], 300, 2);
    const better = base.map((users) => users.map((value) => value + 0.1));

    const { value, low, high } = bootstrapDifference(better, base);

    expect(value).toBeCloseTo(0.1, 9);
    expect(low).toBeCloseTo(0.1, 9);
    expect(high).toBeCloseTo(0.1, 9);
  });

  it('refuses what is not paired', () => {
    expect(() => bootstrapDifference([Float64Array.of(1)], [Float64Array.of(1, 2)])).toThrow(
      'paired',
    );
  });
});
