import { describe, expect, it } from 'vitest';
import { compareSeeds } from '#cli/experiments/comparisons.ts';
import { randomStream } from '#lib/recommender/random.ts';

const random = randomStream(3, 'comparisons');
const users = Array.from({ length: 400 }, (_, at) => `u${Math.floor(at / 2)}`);
/** First places with a chance, else none. */
const ranksOf = (chance: number) =>
  Int32Array.from(users, () => (random.uniform() < chance ? 1 : 0));

describe('Function: compareSeeds', () => {
  it('gives the mean over the seeds and an interval around it', () => {
    // Arrange
    const own = [ranksOf(0.5), ranksOf(0.5), ranksOf(0.5)];
    const other = ranksOf(0.2);

    // Act
    const [found] = compareSeeds(
      users,
      [{ name: 'model', ranks: own }],
      [{ name: 'rival', ranks: [other] }],
    );

    // Assess
    const share = (ranks: Int32Array) => ranks.reduce((sum, rank) => sum + rank, 0) / users.length;
    const mean = own.reduce((sum, ranks) => sum + share(ranks), 0) / own.length;
    expect(found).toMatchObject({ a: 'model', b: 'rival', confidence: 0.95 });
    expect(found!.difference).toBeCloseTo(mean - share(other), 12);
    expect(found!.low).toBeGreaterThan(0.15);
    expect(found!.low).toBeLessThan(found!.difference);
    expect(found!.high).toBeGreaterThan(found!.difference);
  });

  it('knows that another training would have given something else', () => {
    // Arrange: the same ranks on average, from seeds that agree and from seeds that do not
    const agreeing = [ranksOf(0.3), ranksOf(0.3)];
    const apart = [ranksOf(0.1), ranksOf(0.5)];
    const other = [{ name: 'rival', ranks: [ranksOf(0.3)] }];

    // Act
    const widths = [agreeing, apart].map((ranks) => {
      const [found] = compareSeeds(users, [{ name: 'model', ranks }], other);
      return found!.high - found!.low;
    });

    // Assess
    expect(widths[1]).toBeGreaterThan(2 * widths[0]!);
  });

  it('pairs the users: a ranker beside itself differs in nothing', () => {
    const ranks = [ranksOf(0.4)];
    const [found] = compareSeeds(users, [{ name: 'a', ranks }], [{ name: 'b', ranks }]);
    expect(found).toMatchObject({ difference: 0, low: 0, high: 0 });
  });
});
