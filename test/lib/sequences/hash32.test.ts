import { describe, expect, it } from 'vitest';
import { hash32 } from '#lib/sequences/hash32.ts';

describe('Function: hash32', () => {
  it('fills 64 bins evenly with similar texts', () => {
    // Arrange
    const bins = new Float64Array(64);
    const draws = 64_000;

    // Act
    for (let user = 0; user < draws; user++) bins[hash32(`user-${user}`, 1) % 64]! += 1;

    // Assess: chi-squared with 63 degrees of freedom exceeds 120 with probability 2e-5.
    const expected = draws / 64;
    const chi = bins.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(120);
  });

  it('is the same for the same text and seed, another for another seed', () => {
    expect(hash32('user', 1)).toBe(hash32('user', 1));
    expect(hash32('user', 1)).not.toBe(hash32('user', 2));
    expect(hash32('', 0)).toBeGreaterThanOrEqual(0);
  });
});
