import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterToCore } from '#lib/sequences/core-filter.ts';

/** Interactions as (user, item) pairs to histories. */
function historiesOf(pairs: readonly (readonly [number, number])[], users: number) {
  const rows: number[] = [];
  const offsets = new Int32Array(users + 1);
  for (let user = 0; user < users; user++) {
    pairs.forEach(([owner], row) => {
      if (owner === user) rows.push(row);
    });
    offsets[user + 1] = rows.length;
  }
  return { offsets, rows: Int32Array.from(rows), duplicates: 0 };
}

/** Removes what falls short, all at once, until nothing does. */
function reference(
  pairs: readonly (readonly [number, number])[],
  minimum: { user: number; item: number },
) {
  let left = pairs.map((pair, row) => ({ pair, row }));
  for (;;) {
    const count = (place: 0 | 1, value: number) =>
      left.filter(({ pair }) => pair[place] === value).length;
    const next = left.filter(
      ({ pair }) => count(0, pair[0]) >= minimum.user && count(1, pair[1]) >= minimum.item,
    );
    if (next.length === left.length) return left.map(({ row }) => row);
    left = next;
  }
}

describe('Function: filterToCore', () => {
  it('finds the core that plain repetition finds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { maxLength: 60 }),
        fc.record({ user: fc.integer({ min: 1, max: 5 }), item: fc.integer({ min: 1, max: 5 }) }),
        (pairs, minimum) => {
          // Arrange
          const histories = historiesOf(pairs, 6);
          const itemOf = Int32Array.from(pairs, ([, item]) => item);

          // Act
          const core = filterToCore(histories, itemOf, 6, minimum);

          // Assess
          expect([...core.rows].sort((a, b) => a - b)).toEqual(reference(pairs, minimum));
        },
      ),
    );
  });

  it('follows a chain of removals to its end', () => {
    // Arrange: user n has items n and n + 1, so that losing the first item loses all.
    const length = 50;
    const pairs = Array.from({ length }, (_, user): [number, number][] => [
      [user, user],
      [user, user + 1],
    ]).flat();
    const itemOf = Int32Array.from(pairs, ([, item]) => item);

    // Act
    const core = filterToCore(historiesOf(pairs, length), itemOf, length + 1, { user: 2, item: 2 });

    // Assess
    expect(core.rows).toHaveLength(0);
    expect(core.offsets).toHaveLength(length + 1);
  });
});
