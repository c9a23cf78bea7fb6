import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNumberCounts } from '#lib/interactions/number-counts.ts';

/** Many that meet in a slot: the same low bits. */
const key = fc.oneof(
  fc.nat(50),
  fc.nat(2 ** 21 - 1).map((high) => high * 2 ** 32 + 7),
  fc.maxSafeNat(),
);
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ add: key, times: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ keepBelow: fc.maxSafeNat() }) },
);

describe('Function: createNumberCounts', () => {
  it('does what a Map does, also beyond its first size', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3000, size: 'max' }), (steps) => {
        const map = new Map<number, number>();
        const counts = createNumberCounts();

        for (const one of steps) {
          if ('add' in one) {
            expect(counts.add(one.add, one.times)).toBe(!map.has(one.add));
            map.set(one.add, (map.get(one.add) ?? 0) + one.times);
          } else {
            counts.keepBelow(one.keepBelow);
            for (const known of map.keys()) if (known >= one.keepBelow) map.delete(known);
          }
        }

        expect(counts.size).toBe(map.size);
        expect([...counts.keys().sort()]).toEqual([...map.keys()].sort((a, b) => a - b));
        for (const [own, times] of map) expect(counts.get(own)).toBe(times);
        expect(counts.get(Number.MAX_SAFE_INTEGER - 1)).toBe(
          map.get(Number.MAX_SAFE_INTEGER - 1) ?? 0,
        );
      }),
      { numRuns: 30 },
    );
  });
});
