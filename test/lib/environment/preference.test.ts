import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augmentedReward, loggedReward } from '#lib/environment/preference.ts';

const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const cases = fc.record({
  base: finite(0, 5),
  preference: finite(-3, 3),
  other: finite(-3, 3),
  weight: finite(0, 1),
  negativeReward: finite(-2, 2),
});

describe('Functions: loggedReward, augmentedReward', () => {
  it('raise and lower the base reward by what the user prefers', () => {
    expect(loggedReward(0.2, 0.5, 0.4, 0)).toBeCloseTo(0.24, 12);
    expect(loggedReward(0.2, -7, 0.4, 0)).toBeCloseTo(0.12, 12);
    expect(augmentedReward(1, 0.25, 0.4, 2)).toBeCloseTo(1.1, 12);
    expect(augmentedReward(1, 0.25, 0.4, 1.05)).toBe(1.05);
  });

  it('keep a logged action above negatives, and an augmented one not above it', () => {
    fc.assert(
      fc.property(cases, ({ base, preference, other, weight, negativeReward }) => {
        // Act
        const logged = loggedReward(base, preference, weight, negativeReward);
        const augmented = augmentedReward(base, other, weight, logged);

        // Assess
        expect(logged).toBeGreaterThanOrEqual(Math.min(base, negativeReward));
        expect(logged).toBeGreaterThanOrEqual(0);
        expect(augmented).toBeLessThanOrEqual(logged);
        expect(loggedReward(base, preference, 0, negativeReward)).toBe(base);
      }),
    );
  });
});
