import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { windowsOf } from '#lib/sequences/shards.ts';

describe('Function: windowsOf', () => {
  it('has every transition once, in rows that are not too long', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 400 }),
        fc.integer({ min: 1, max: 60 }),
        (length, window) => {
          // Act
          const rows = windowsOf(length, window);

          // Assess
          const transitions = rows.flatMap(([begin, end]) =>
            Array.from({ length: end - begin - 1 }, (_, index) => begin + index),
          );
          expect(transitions).toEqual(Array.from({ length: length - 1 }, (_, index) => index));
          for (const [begin, end] of rows) expect(end - begin).toBeLessThanOrEqual(window + 1);
          // As few rows as can be, all full but the oldest.
          expect(rows).toHaveLength(Math.ceil((length - 1) / window));
          for (const [begin, end] of rows.slice(1)) expect(end - begin).toBe(window + 1);
        },
      ),
    );
  });

  it('keeps a history of one item', () => {
    expect(windowsOf(1, 5)).toEqual([[0, 1]]);
  });

  it('gives the newest actions the longest contexts', () => {
    expect(windowsOf(8, 3)).toEqual([
      [0, 2],
      [1, 5],
      [4, 8],
    ]);
  });
});
