import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream, shuffle } from '#lib/recommender/random.ts';

describe('Function: randomStream', () => {
  it('gives the same numbers for the same seed and keys, others for others', () => {
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.nat(), (seed, key, number) => {
        // Arrange
        const take = (...keys: (string | number)[]) => {
          const stream = randomStream(seed, ...keys);
          return Array.from({ length: 4 }, () => stream.uniform());
        };

        // Act
        const [first, second, other] = [
          take(key, number),
          take(key, number),
          take(key, number + 1),
        ];

        // Assess
        expect(second).toEqual(first);
        expect(other).not.toEqual(first);
      }),
    );
  });

  it('keeps keys apart that would join to the same text', () => {
    expect(randomStream(1, 'a', 'bc').uniform()).not.toBe(randomStream(1, 'ab', 'c').uniform());
  });

  it('is uniform and normal', () => {
    // Arrange
    const stream = randomStream(7, 'moments');
    const count = 200_000;

    // Act
    const uniform = Array.from({ length: count }, () => stream.uniform());
    const normal = Array.from({ length: count }, () => stream.normal());
    const bins = new Int32Array(10);
    for (let index = 0; index < count; index++) bins[stream.integer(10)]!++;

    // Assess: five standard errors
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / count;
    const allowed = 5 / Math.sqrt(count);
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(allowed * Math.sqrt(1 / 12));
    expect(Math.abs(mean(uniform.map((x) => x * x)) - 1 / 3)).toBeLessThan(allowed);
    expect(Math.abs(mean(normal))).toBeLessThan(allowed);
    expect(Math.abs(mean(normal.map((x) => x * x)) - 1)).toBeLessThan(allowed * Math.SQRT2);
    for (const bin of bins) expect(Math.abs(bin / count - 0.1)).toBeLessThan(allowed * 0.3);
  });
});

describe('Function: shuffle', () => {
  it('gives each order about as often', () => {
    // Arrange
    const counts = new Map<string, number>();

    // Act
    for (let round = 0; round < 6000; round++) {
      const order = shuffle(Int32Array.of(1, 2, 3), randomStream(1, round)).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }

    // Assess
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
