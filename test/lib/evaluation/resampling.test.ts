import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bootstrapMeans,
  flippedMeans,
  numberUsers,
  percentileInterval,
  randomisationPValue,
} from '#lib/evaluation/resampling.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** Users with 1 to 4 cases each; a case is a hit with the user's own probability. */
function drawUsers(users: number, seed: number, effect = 0) {
  const random = randomStream(seed, 'users');
  const cases = new Float64Array(users);
  const a = new Float64Array(users);
  const b = new Float64Array(users);
  for (let user = 0; user < users; user++) {
    cases[user] = 1 + random.integer(4);
    const taste = 0.1 + 0.6 * random.uniform();
    for (let index = 0; index < cases[user]!; index++) {
      if (random.uniform() < taste + effect) a[user]! += 1;
      if (random.uniform() < taste) b[user]! += 1;
    }
  }
  return { cases, columns: [a, b] };
}

/** Expected share of hits: the mean of the taste. */
const truth = 0.4;

describe('Function: bootstrapMeans', () => {
  it('covers the truth about as often as it claims', () => {
    // Arrange
    const repetitions = 300;
    let covered = 0;

    // Act
    for (let seed = 1; seed <= repetitions; seed++) {
      const sums = drawUsers(150, seed);
      const [means] = bootstrapMeans(sums, 300, seed);
      const { low, high } = percentileInterval(means!, 0.9);
      if (low <= truth && truth <= high) covered++;
    }

    // Assess: 3.5 standard deviations of 300 tries at 0.9 are 0.06, and small samples cover a little less.
    expect(covered / repetitions).toBeGreaterThan(0.83);
    expect(covered / repetitions).toBeLessThan(0.97);
  });

  it('has the standard error of the theory for means over independent users', () => {
    // Arrange: one case a user, so that the ratio is a plain mean.
    const users = 400;
    const random = randomStream(3, 'one case');
    const column = Float64Array.from({ length: users }, () => (random.uniform() < 0.3 ? 1 : 0));
    const mean = column.reduce((sum, value) => sum + value, 0) / users;

    // Act
    const [means] = bootstrapMeans(
      { cases: new Float64Array(users).fill(1), columns: [column] },
      4000,
      1,
    );

    // Assess
    const error = Math.sqrt(
      means!.reduce((sum, value) => sum + (value - mean) ** 2, 0) / means!.length,
    );
    expect(error / Math.sqrt((mean * (1 - mean)) / users)).toBeCloseTo(1, 1);
  });

  it('is the same for the same seed and another for another', () => {
    // Arrange
    const sums = drawUsers(20, 1);

    // Act and assess
    expect(bootstrapMeans(sums, 50, 7)).toEqual(bootstrapMeans(sums, 50, 7));
    expect(bootstrapMeans(sums, 50, 7)).not.toEqual(bootstrapMeans(sums, 50, 8));
  });

  it('resamples both columns together: a constant difference stays constant', () => {
    // Arrange
    const cases = new Float64Array(30).fill(2);
    const a = Float64Array.from({ length: 30 }, (_, user) => user % 3);
    const b = a.map((value) => value + 2); // 1 more in each of the two cases

    // Act
    const [meansA, meansB] = bootstrapMeans({ cases, columns: [a, b] }, 100, 1);

    // Assess
    for (let sample = 0; sample < 100; sample++) {
      expect(meansB![sample]! - meansA![sample]!).toBeCloseTo(1, 12);
    }
  });
});

describe('Function: flippedMeans, randomisationPValue', () => {
  /** Flips all the signs there are, 2^users of them. */
  function exactPValue(differences: number[]): number {
    const observed = Math.abs(differences.reduce((sum, value) => sum + value, 0));
    const total = 2 ** differences.length;
    let atLeast = 0;
    for (let signs = 0; signs < total; signs++) {
      const sum = differences.reduce(
        (all, value, user) => all + ((signs >> user) & 1 ? value : -value),
        0,
      );
      if (Math.abs(sum) >= observed - 1e-12) atLeast++;
    }
    return atLeast / total;
  }

  it('comes close to the exact test of all sign flips', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -4, max: 4 }), { minLength: 2, maxLength: 10 }),
        (differences) => {
          // Arrange
          const users = differences.length;
          const a = Float64Array.from(differences, (value) => value / 4 + 1);
          const b = new Float64Array(users).fill(1);
          const cases = new Float64Array(users).fill(1);
          const observed = differences.reduce((sum, value) => sum + value, 0) / 4 / users;

          // Act
          const [flippedA, flippedB] = flippedMeans({ cases, columns: [a, b] }, 4000, 1);
          const p = randomisationPValue(observed, flippedA!, flippedB!);

          // Assess: four standard deviations of 4000 flips at a p of a half are 0.032.
          expect(Math.abs(p - exactPValue(differences))).toBeLessThan(0.033);
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('calls no difference significant more often than it may, and sees a large one', () => {
    // Arrange
    const repetitions = 400;
    const pValueOf = (effect: number) => (seed: number) => {
      const sums = drawUsers(80, seed, effect);
      const cases = sums.cases.reduce((sum, count) => sum + count, 0);
      const [a, b] = sums.columns.map((column) => column.reduce((x, y) => x + y, 0) / cases);
      const [flippedA, flippedB] = flippedMeans(sums, 199, seed);
      return randomisationPValue(a! - b!, flippedA!, flippedB!);
    };
    const seeds = Array.from({ length: repetitions }, (_, index) => index + 1);

    // Act
    const alike = seeds.map(pValueOf(0));
    const different = seeds.slice(0, 50).map(pValueOf(0.25));

    // Assess: 3.5 standard deviations of 400 tries at 0.1 are 0.053.
    const share = (values: number[], level: number) =>
      values.filter((p) => p <= level).length / values.length;
    expect(share(alike, 0.1)).toBeLessThan(0.153);
    expect(share(alike, 0.1)).toBeGreaterThan(0.047);
    expect(share(different, 0.05)).toBeGreaterThan(0.9);
  });

  it('is never 0, and 1 where nothing differs', () => {
    // Arrange
    const a = Float64Array.from({ length: 200 }, () => 1);
    const none = new Float64Array(200);
    const cases = new Float64Array(200).fill(1);

    // Act
    const [flippedA, flippedNone] = flippedMeans({ cases, columns: [a, none] }, 99, 1);

    // Assess
    expect(randomisationPValue(1, flippedA!, flippedNone!)).toBe(1 / 100);
    expect(randomisationPValue(0, flippedA!, flippedA!)).toBe(1);
  });
});

describe('Function: percentileInterval', () => {
  it('interpolates between order statistics', () => {
    // Arrange
    const values = Float64Array.from({ length: 101 }, (_, index) => 100 - index);

    // Act
    const wide = percentileInterval(values, 0.9);
    const quarters = percentileInterval(Float64Array.of(0, 1, 2), 0.5);

    // Assess
    expect([wide.low, wide.high].map((value) => value.toFixed(9))).toEqual([
      '5.000000000',
      '95.000000000',
    ]);
    expect(quarters.low).toBeCloseTo(0.5, 12);
    expect(quarters.high).toBeCloseTo(1.5, 12);
  });
});

describe('Function: numberUsers', () => {
  it('numbers users in order of appearance', () => {
    expect(numberUsers(['b', 'a', 'b', 'c'])).toEqual({
      numbers: Int32Array.of(0, 1, 0, 2),
      users: 3,
    });
  });
});
