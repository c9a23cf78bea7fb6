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

describe('Function: bootstrapP of a difference that no resample comes near', () => {
  it('is the normal tail, so that a correction for many comparisons leaves something', () => {
    // A mean of 6 in deviations: of 100 comparisons, one of these is still told apart.
    const spread = Float64Array.from({ length: 1000 }, (_, at) => (at % 2 === 0 ? 5 : 7));

    const p = bootstrapP(spread);

    expect(p).toBeCloseTo((2 * Math.exp(-18)) / (Math.sqrt(2 * Math.PI) * 6), 12);
    expect(holm([p, ...new Array<number>(99).fill(0.5)])[0]).toBeLessThan(0.05);
    expect(bootstrapP(spread.map((own) => -own))).toBe(p);
  });

  it('is never more than what was counted, nor less where all resamples are the same', () => {
    expect(bootstrapP(Float64Array.from({ length: 99 }, (_, at) => 1 + at))).toBe(2 / 100);
    expect(bootstrapP(new Float64Array(99).fill(3))).toBe(2 / 100);
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
