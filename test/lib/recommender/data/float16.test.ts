import { describe, expect, it } from 'vitest';
import { float16Bits, float16Values } from '#lib/recommender/data/float16.ts';

describe('Function: float16Values', () => {
  it('agrees with the language for every bit pattern', () => {
    // Arrange
    const bits = Uint16Array.from({ length: 65536 }, (_, index) => index);
    const View = (globalThis as { Float16Array?: new (b: ArrayBuffer) => ArrayLike<number> })
      .Float16Array;
    if (View === undefined) throw new Error('This test needs Node.js 24.');

    // Act
    const values = float16Values();

    // Assess
    expect(values).toEqual(Float32Array.from(new View(bits.buffer)));
  });
});

describe('Function: float16Bits', () => {
  it('gives back the pattern of every finite value, but for the sign of 0', () => {
    const finite = Uint16Array.from({ length: 65536 }, (_, index) => index).filter(
      (bits) => ((bits >> 10) & 0x1f) !== 31 && bits !== 0x8000,
    );
    const values = float16Values();

    expect(Uint16Array.from(finite, (bits) => float16Bits(values[bits]!))).toEqual(finite);
  });

  it('rounds to the nearest, across powers of two too, and stops at the largest', () => {
    const rounded = (value: number) => float16Values()[float16Bits(value)];

    expect(rounded(2047.9)).toBe(2048);
    expect(rounded(-0.1)).toBeCloseTo(-0.1, 4);
    expect(rounded(1e9)).toBe(65504);
  });
});
