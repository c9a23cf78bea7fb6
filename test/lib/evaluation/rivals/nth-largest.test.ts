import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nthLargest } from '#lib/evaluation/rivals/nth-largest.ts';

describe('nthLargest', () => {
  it('is the number at that place of the sorted ones, whatever order and ties they come in', () => {
    const some = fc
      .array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })), {
        minLength: 1,
      })
      .chain((values) => fc.tuple(fc.constant(values), fc.integer({ min: 1, max: values.length })));
    fc.assert(
      fc.property(some, ([values, n]) => {
        const sorted = Float64Array.from(values).sort();

        const found = nthLargest(Float64Array.from(values), values.length, n);

        // `sort` tells -0 from 0, comparing does not.
        expect(found + 0).toBe(sorted[sorted.length - n]! + 0);
      }),
    );
  });

  it('looks at no more numbers than it is told to', () => {
    expect(nthLargest(Float64Array.of(3, 1, 2, 100), 3, 1)).toBe(3);
  });
});
