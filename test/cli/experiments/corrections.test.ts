import { describe, expect, it } from 'vitest';
import { bootstrapP, holm, noiseFloor } from '#cli/experiments/corrections.ts';

describe('Function: holm', () => {
  it('gives the values of R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")', () => {
    const corrected = holm([0.01, 0.04, 0.03, 0.005]);

    [0.03, 0.06, 0.06, 0.02].forEach((value, at) => {
      expect(corrected[at]).toBeCloseTo(value, 12);
    });
  });

  it('never goes beyond 1', () => {
    expect(holm([0.6, 0.9])).toEqual([1, 1]);
  });
});

describe('Function: bootstrapP', () => {
  it('is twice the smaller side, one counted with it', () => {
    const resamples = Float64Array.from({ length: 99 }, (_, at) => at - 9.5);

    expect(bootstrapP(resamples)).toBeCloseTo((2 * 11) / 100, 12);
    expect(bootstrapP(resamples.map((value) => -value))).toBeCloseTo((2 * 11) / 100, 12);
    expect(bootstrapP(new Float64Array(10))).toBe(1);
  });
});

describe('Function: noiseFloor', () => {
  it('is two deviations of a difference of means, pooled over the arms', () => {
    // Deviations of 1 (two seeds: 0 and sqrt 2) and 1 again.
    const arm = [0, Math.SQRT2];

    expect(noiseFloor([arm, arm.map((value) => value + 5)])).toBeCloseTo(2, 12);
    expect(noiseFloor([[...arm, ...arm], [7]])).toBeCloseTo(2 * Math.sqrt((2 / 4) * (2 / 3)), 12);
  });

  it('is unknown where no arm has two seeds', () => {
    expect(noiseFloor([[1], [2]])).toBeNull();
  });
});
