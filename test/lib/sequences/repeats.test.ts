import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countRepeats, leavesHistoryOut, repeatShare } from '#lib/sequences/repeats.ts';
import { build, histories, rows, rowsOf } from './arbitraries.ts';

describe('Function: repeatShare', () => {
  it('counts what can be counted by hand', () => {
    // Arrange: of training rows a b a (two transitions, one to an earlier item) and c b (one transition)
    const all = histories({ u1: 'a b a c a', u2: 'c b a b' });
    // Act
    const { shards, manifest } = build(all);
    // Assess
    expect(shards.flatMap(rowsOf)).toHaveLength(2);
    expect(repeatShare(countRepeats(shards))).toBeCloseTo(1 / 3);
    expect(manifest).toMatchObject({
      repeatShare: repeatShare(countRepeats(shards)),
      excludeHistory: false,
    });
  });

  it('is 0 exactly where no row holds an item twice', () => {
    fc.assert(
      fc.property(rows, (all) => {
        let built: ReturnType<typeof build>;
        try {
          built = build(all);
        } catch {
          return; // too little to build from
        }
        const isTwice = built.shards
          .flatMap(rowsOf)
          .some(({ items }) => new Set(items).size < items.length);
        expect(repeatShare(countRepeats(built.shards)) > 0).toBe(isTwice);
        expect(repeatShare(countRepeats(built.shards))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is 0 of nothing', () => expect(repeatShare(countRepeats([]))).toBe(0));
});

describe('Function: leavesHistoryOut', () => {
  it.each([
    ['auto', 0, true],
    ['auto', 0.009, true],
    ['auto', 0.01, false],
    ['auto', 0.5, false],
    [true, 0.5, true],
    [false, 0, false],
  ] as const)('%s with a share of %d: %s', (setting, share, expected) => {
    expect(leavesHistoryOut(setting, share)).toBe(expected);
  });
});
