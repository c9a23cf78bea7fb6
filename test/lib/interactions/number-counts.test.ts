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

/** Counts, and a Map that is told the same. */
function beside(steps: readonly ({ add: number; times: number } | { keepBelow: number })[]) {
  const map = new Map<number, number>();
  const counts = createNumberCounts();
  const wrong = steps.findIndex((one) => {
    if ('add' in one) {
      const isNew = !map.has(one.add);
      map.set(one.add, (map.get(one.add) ?? 0) + one.times);
      return counts.add(one.add, one.times) !== isNew;
    }
    counts.keepBelow(one.keepBelow);
    for (const known of map.keys()) if (known >= one.keepBelow) map.delete(known);
    return false;
  });
  expect(wrong).toBe(-1);
  return { map, counts };
}

function expectSame({ map, counts }: ReturnType<typeof beside>): void {
  expect(counts.size).toBe(map.size);
  const keys = [...counts.keys().sort()];
  expect(keys).toEqual([...map.keys()].sort((a, b) => a - b));
  expect(keys.map(counts.get)).toEqual(keys.map((own) => map.get(own)));
}

describe('Function: createNumberCounts', () => {
  it('does what a Map does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
        const both = beside(steps);

        expectSame(both);
        const absent = Number.MAX_SAFE_INTEGER - 1;
        expect(both.counts.get(absent)).toBe(both.map.get(absent) ?? 0);
      }),
    );
  });

  it('goes on so beyond its first size and twice that, whether keys meet in a slot or not', () => {
    const numbers = Array.from({ length: 1100 }, (_, at) => at);
    // Keys in one slot after the other are looked at one by one, so there are fewer of these.
    const meeting = numbers.slice(0, 530).map((high) => high * 2 ** 32 + 1023);

    for (const keys of [numbers, meeting]) {
      const added = keys.map((add, at) => ({ add, times: 1 + (at % 7) }));
      const [again, limit] = [added.slice(-60), keys.at(-30)!];
      expectSame(beside([...added, ...again, { keepBelow: limit }, ...again]));
    }
  });
});
