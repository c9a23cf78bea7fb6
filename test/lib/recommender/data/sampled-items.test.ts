import { describe, expect, it } from 'vitest';
import { itemSampler } from '#lib/recommender/data/sampled-items.ts';
import { randomStream } from '#lib/recommender/random.ts';

describe('Function: itemSampler', () => {
  it.each([false, true])('draws as often as it says (uniform: %s)', (isUniform) => {
    // Arrange
    const counts = Int32Array.of(0, 3, 50, 7);
    const sampler = itemSampler(counts, isUniform);
    const random = randomStream(4, 'sampler');
    const drawn = new Int32Array(4);

    // Act
    for (let index = 0; index < 40_000; index++) drawn[sampler.draw(random) - 1]!++;

    // Assess
    drawn.forEach((count, index) => {
      const expected = Math.exp(sampler.logCount(index + 1, 40_000));
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
    });
  });
});
