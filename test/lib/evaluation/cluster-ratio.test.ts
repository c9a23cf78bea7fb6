import { describe, expect, it } from 'vitest';
import { type ClusterSums, differenceOfRatios, ratioOf } from '#lib/evaluation/cluster-ratio.ts';
import { randomStream } from '#lib/recommender/random.ts';

/** Users with one to eight cases each, whose own rates differ. */
function draw(users: number, rate: number, seed: number): ClusterSums {
  const random = randomStream(seed, 'clusters');
  const cases = new Float64Array(users);
  const hits = new Float64Array(users);
  for (let user = 0; user < users; user++) {
    const own = 2 * rate * random.uniform();
    cases[user] = 1 + random.integer(8);
    for (let one = 0; one < cases[user]!; one++) if (random.uniform() < own) hits[user]! += 1;
  }
  return { cases, hits };
}

/** How many of so many draws hold a statement. */
const times = (draws: number, holds: (seed: number) => boolean) =>
  Array.from({ length: draws }, (_, seed) => holds(seed)).filter(Boolean).length;

describe('Functions: ratioOf, differenceOfRatios', () => {
  it('are the textbook interval where every user has one case', () => {
    const hits = Float64Array.from({ length: 400 }, (_, user) => (user % 5 === 0 ? 1 : 0));

    const { value, interval } = ratioOf({ cases: new Float64Array(400).fill(1), hits });

    const half = 1.959964 * Math.sqrt((0.2 * 0.8) / 399);
    expect(value).toBeCloseTo(0.2, 12);
    expect(interval!.low).toBeCloseTo(0.2 - half, 6);
    expect(interval!.high).toBeCloseTo(0.2 + half, 6);
  });

  it('have the truth in 95 of 100 intervals, two of 100 more or less, however much users differ', () => {
    const rates = times(1000, (seed) => {
      const { low, high } = ratioOf(draw(400, 0.3, seed)).interval!;
      return low <= 0.3 && high >= 0.3;
    });
    const differences = times(1000, (seed) => {
      const found = differenceOfRatios(draw(400, 0.3, seed), draw(400, 0.25, 1e6 + seed))!;
      return found.low <= 0.05 && found.high >= 0.05;
    });
    expect(Math.abs(rates - 950)).toBeLessThan(21);
    expect(Math.abs(differences - 950)).toBeLessThan(21);
  });

  it('are wider than if all cases were somebody else’s', () => {
    const sums = draw(400, 0.3, 1);
    const all = sums.cases.reduce((sum, one) => sum + one, 0);
    const { value, interval } = ratioOf(sums);

    const independent = 2 * 1.96 * Math.sqrt((value * (1 - value)) / all);

    expect(interval!.high - interval!.low).toBeGreaterThan(1.1 * independent);
  });

  it.each([
    [[5, 5], true],
    [[4, 5], false],
    [[15, 15], true],
    [[15, 16], false],
  ])(
    'need ten hits, and ten cases that are none, of two users: of twenty cases each %j',
    (hits, isEnough) => {
      const { interval } = ratioOf({
        cases: Float64Array.of(20, 20),
        hits: Float64Array.from(hits),
      });

      expect(interval !== null).toBe(isEnough);
    },
  );

  it('say nothing of few', () => {
    const few = { cases: Float64Array.of(100, 100), hits: Float64Array.of(4, 5) };
    const one = { cases: Float64Array.of(100), hits: Float64Array.of(50) };

    expect(ratioOf(few)).toStrictEqual({ value: 0.045, interval: null });
    expect(ratioOf(one).interval).toBeNull();
    expect(differenceOfRatios(few, draw(100, 0.5, 1))).toBeNull();
  });
});
