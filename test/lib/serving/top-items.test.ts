import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topItems } from '#lib/serving/top-items.ts';

/** Scores with many ties, and some that are no numbers. */
const scores = fc
  .array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN)), { maxLength: 60 })
  .map((values) => Float32Array.from(values));

describe('Function: topItems', () => {
  it('is the beginning of the sorted list', () => {
    fc.assert(
      fc.property(
        scores,
        fc.integer({ min: 1, max: 70 }),
        fc.array(fc.integer({ min: 1, max: 60 })),
        (values, count, excluded) => {
          // Arrange
          const sorted = Array.from(values, (_, index) => index + 1)
            .filter((item) => !Number.isNaN(values[item - 1]!) && !excluded.includes(item))
            .sort((a, b) => values[b - 1]! - values[a - 1]! || a - b);

          // Act
          const top = topItems(values, count, new Set(excluded));

          // Assess
          expect([...top]).toEqual(sorted.slice(0, count));
        },
      ),
    );
  });

  it('takes infinite scores as they are', () => {
    expect([...topItems(Float32Array.of(-Infinity, 1, Infinity), 3)]).toEqual([3, 2, 1]);
  });
});
