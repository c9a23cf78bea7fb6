import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { DecayedCounts } from '#lib/popularity/decayed-counts.ts';

const halfLives = [0.5, 3, 1000, Number.POSITIVE_INFINITY];

const actions = fc
  .array(fc.record({ item: fc.integer({ min: 1, max: 4 }), time: fc.nat({ max: 400 }) }), {
    maxLength: 60,
  })
  .map((all) => all.toSorted((a, b) => a.time - b.time));

describe('Class: DecayedCounts', () => {
  it('is the sum over the actions, each halved for every half-life that has passed', () => {
    fc.assert(
      fc.property(actions, fc.nat({ max: 100 }), (all, later) => {
        // Arrange
        const counts = new DecayedCounts(4, halfLives);
        const time = (all.at(-1)?.time ?? 0) + later;

        // Act
        for (const { item, time: at } of all) counts.add(item, at);

        // Assess
        halfLives.forEach((halfLife, which) => {
          const { values, factor } = counts.at(which, time);
          for (let item = 1; item <= 4; item++) {
            const naive = all
              .filter((one) => one.item === item)
              .reduce((sum, one) => sum + 2 ** -((time - one.time) / halfLife), 0);
            // 1e-19: actions more than 64 half-lives old may be rounded away.
            expect(Math.abs(values[item]! * factor - naive)).toBeLessThan(1e-12 * naive + 1e-19);
          }
        });
      }),
    );
  });

  it('stays finite over years of a half-life of an hour', () => {
    // Arrange
    const counts = new DecayedCounts(1, [3600]);

    // Act
    for (let day = 0; day < 2000; day++) counts.add(1, day * 86_400);

    // Assess
    const { values, factor } = counts.at(0, 1999 * 86_400);
    expect(values[1]! * factor).toBeCloseTo(1 / (1 - 2 ** -24), 9);
  });

  it('refuses actions out of order and half-lives that are none', () => {
    // Arrange
    const counts = new DecayedCounts(1, [60]);
    counts.add(1, 10);

    // Act and assess
    expect(() => counts.add(1, 9)).toThrow(ContractError);
    expect(() => new DecayedCounts(1, [0])).toThrow('0 s is no half-life');
    expect(() => new DecayedCounts(1, [Number.NaN])).toThrow('NaN s is no half-life');
  });
});
