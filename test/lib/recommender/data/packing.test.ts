import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packRows } from '#lib/recommender/data/packing.ts';
import { randomStream } from '#lib/recommender/random.ts';

describe('Function: packRows', () => {
  it('places every row once, whole, in its own places of a line', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 8 }),
        (lengths, lines) => {
          // Arrange
          const order = Int32Array.from(lengths, (_, index) => lengths.length - 1 - index);

          // Act
          const batches = [...packRows(Int32Array.from(lengths), order, lines, 12)];

          // Assess
          const placed = batches.flat().map(({ row }) => row);
          const expected = lengths.flatMap((length, row) => (length > 0 ? [row] : []));
          expect(placed.toSorted((a, b) => a - b)).toEqual(expected);
          for (const batch of batches) {
            const taken = new Set<number>();
            for (const { row, line, begin } of batch) {
              expect(begin + lengths[row]!).toBeLessThanOrEqual(12);
              for (let at = begin; at < begin + lengths[row]!; at++) {
                expect(taken.has(line * 12 + at)).toBe(false);
                taken.add(line * 12 + at);
              }
            }
          }
        },
      ),
    );
  });

  it('leaves hardly any place empty', () => {
    // Arrange: lengths as in real logs, many short and few long
    const random = randomStream(1, 'lengths');
    const lengths = Int32Array.from({ length: 3000 }, () =>
      Math.min(51, 3 + Math.floor(-12 * Math.log(1 - random.uniform()))),
    );
    const order = Int32Array.from(lengths, (_, index) => index);

    // Act
    const batches = packRows(lengths, order, 20, 51);

    // Assess
    const filled = lengths.reduce((sum, length) => sum + length, 0);
    expect(filled / (batches.length * 20 * 51)).toBeGreaterThan(0.93);
  });

  it('refuses a row that fits no line', () => {
    expect(() => packRows(Int32Array.of(5), Int32Array.of(0), 2, 4)).toThrow('5 places');
  });
});
