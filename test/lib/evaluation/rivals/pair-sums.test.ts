import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SumsOfMany, SumsOfOne } from '#lib/evaluation/rivals/pair-sums.ts';

const items = 20;
const first = 3;

const pairs = fc.array(
  fc.tuple(
    fc.integer({ min: first, max: items }),
    fc.array(fc.tuple(fc.integer({ min: 1, max: items }), fc.integer({ min: 1, max: 8 })), {
      maxLength: 6,
    }),
  ),
  { maxLength: 60 },
);

const readOf = (sums: SumsOfMany, item: number) => {
  const one = sums.read(item, new SumsOfOne(items));
  return new Map(one.others.map((other) => [other, one.sums[other]!]));
};

describe('Class: SumsOfOne', () => {
  it('has sums and each other item once, until it is cleared', () => {
    const one = new SumsOfOne(items);

    one.add(1, 7, 0.5);
    one.add(1, 20, 1);
    one.add(1, 7, 0.25);

    expect(one.expect()).toBe(true);
    expect(one.others).toEqual([7, 20]);
    expect([one.sums[7], one.sums[20], one.sums[1]]).toEqual([0.75, 1, 0]);
    one.clear();
    expect(one.others).toEqual([]);
    expect([...one.sums]).toEqual(Array(items + 1).fill(0));
  });
});

describe('Class: SumsOfMany', () => {
  it('has the sums of all items that do not wait, however little room there is', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(1, 60, 100, 150, 1e4), (all, room) => {
        // Arrange
        const sums = new SumsOfMany(items, first, room);
        const expected = new Map<number, Map<number, number>>();
        let end = items + 1;

        // Act
        for (const [item, others] of all) {
          if (!sums.expect(item, others.length)) {
            expect(item).toBeGreaterThanOrEqual(sums.end);
            continue;
          }
          expect(item).toBeLessThan(sums.end);
          const own = expected.get(item) ?? new Map<number, number>();
          expected.set(item, own);
          for (const [other, weight] of others) {
            sums.add(item, other, weight);
            own.set(other, (own.get(other) ?? 0) + weight);
          }
          expect(sums.end).toBeLessThanOrEqual(end);
          end = sums.end;
        }

        // Assess
        expect(sums.end).toBeGreaterThan(first);
        for (let item = first; item < sums.end; item++) {
          expect(readOf(sums, item)).toEqual(expected.get(item) ?? new Map());
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives up no item while there is room, a quarter of the last ones where there is none, never the first', () => {
    const fill = (room: number) => {
      const sums = new SumsOfMany(items, 1, room);
      const all = Array.from({ length: items }, (_, at) => at + 1);
      for (const item of all) {
        if (!sums.expect(item, items)) continue;
        for (const other of all) sums.add(item, other, item * 100 + other);
      }
      return sums;
    };

    expect(fill(items * items).end).toBe(items + 1);
    // Room for two tables of twenty: of twenty items fifteen are left, then eleven, eight, six, four, three and two.
    expect(fill(1).end).toBe(3);
    expect(fill(items * items - 1).end).toBe(16);
    for (const room of [1, 150, items * items - 1]) {
      const sums = fill(room);
      for (let item = 1; item < sums.end; item++) {
        expect(readOf(sums, item)).toEqual(
          new Map(Array.from({ length: items }, (_, at) => [at + 1, item * 100 + at + 1])),
        );
      }
    }
  });

  it('has room again for what tables left behind that were outgrown', () => {
    // Tables of 4, 8 and 16 places: every item outgrows the first two, which the next one takes.
    const sums = new SumsOfMany(items, 1, 2 * 20 + 28);
    for (const item of [1, 2]) {
      for (const count of [3, 3, 3]) sums.expect(item, count);
      for (let other = 1; other <= 3; other++) sums.add(item, other, other);
      sums.expect(item, 6);
      for (let other = 4; other <= 9; other++) sums.add(item, other, other);
      sums.expect(item, 11);
      for (let other = 10; other <= 20; other++) sums.add(item, other, other);
    }

    expect(sums.end).toBe(items + 1);
    for (const item of [1, 2]) {
      expect(readOf(sums, item)).toEqual(
        new Map(Array.from({ length: 20 }, (_, at) => [at + 1, at + 1])),
      );
    }
  });

  it('has small tables for few pairs, and none for nothing', () => {
    const wide = 1000;
    // Room for two tables of all items, or 500 of four places.
    const sums = new SumsOfMany(wide, 1, 1);

    for (let item = 1; item <= wide; item++) sums.expect(item, item % 2 ? 3 : 0);

    expect(sums.end).toBe(wide + 1);
    expect(sums.expect(2, 1)).toBe(true);
    expect(sums.end).toBeLessThan(wide + 1);
  });

  it('has a table of four places full with three, each counted once', () => {
    // Arrange: ten tables of four places are all that there is room for.
    const sums = new SumsOfMany(items, 1, 1);
    for (let item = 1; item <= 10; item++) {
      sums.expect(item, 3);
      for (let times = 0; times < 9; times++) sums.add(item, 5, 1);
      sums.add(item, 6, 1);
    }
    // Act and assess
    for (let item = 1; item <= 10; item++) {
      expect(sums.expect(item, 1)).toBe(true);
      sums.add(item, 7, 1);
    }
    expect(sums.end).toBe(items + 1);
    expect(readOf(sums, 4)).toEqual(
      new Map([
        [5, 9],
        [6, 1],
        [7, 1],
      ]),
    );
    sums.expect(1, 1);
    expect(sums.end).toBeLessThan(items + 1);
  });

  it('makes room where items were that are given up, and nothing is left of them', () => {
    const sums = new SumsOfMany(items, 1, 1);
    for (let item = 1; item <= 10; item++) {
      sums.expect(item, 3);
      for (const other of [1, 2, 3]) sums.add(item, other, item);
    }

    // Sixteen places: of ten tables of four, six are left.
    sums.expect(1, 9);
    for (let other = 4; other <= 12; other++) sums.add(1, other, 1);

    expect(sums.end).toBe(7);
    // The table that was outgrown is for those that are left.
    expect(sums.expect(7, 3)).toBe(false);
    expect(readOf(sums, 1)).toEqual(new Map(Array.from({ length: 12 }, (_, at) => [at + 1, 1])));
    expect(readOf(sums, 6)).toEqual(new Map([1, 2, 3].map((other) => [other, 6])));
  });

  it('has no more room where an outgrown table was, once the others were moved together', () => {
    // Arrange: a table of 4 places is outgrown by one of 16, another has 16, one of 8 moves them.
    const sums = new SumsOfMany(items, 1, 1);
    const take = (item: number, others: readonly number[]) => {
      const isTaken = sums.expect(item, others.length);
      for (const other of isTaken ? others : []) sums.add(item, other, item);
      return isTaken;
    };
    const twelve = Array.from({ length: 12 }, (_, at) => at + 1);
    take(1, [1, 2, 3]);
    take(1, [4, 5, 6, 7, 8, 9]);
    take(2, twelve);
    take(3, [1, 2, 3, 4, 5, 6]);
    // Act and assess
    expect(sums.end).toBe(16);
    expect(take(4, [10, 11, 12])).toBe(false);
    expect(readOf(sums, 1)).toEqual(new Map(twelve.slice(0, 9).map((other) => [other, 1])));
    expect(readOf(sums, 2)).toEqual(new Map(twelve.map((other) => [other, 2])));
  });

  it('needs no more for an item that has a place for every other', () => {
    const sums = new SumsOfMany(items, 1, 1);
    for (const item of [1, 2, 1, 2]) {
      expect(sums.expect(item, items)).toBe(true);
      for (let other = 1; other <= items; other++) sums.add(item, other, 1);
    }

    expect(sums.end).toBe(items + 1);
    expect(readOf(sums, 2).size).toBe(items);
  });

  it('needs nothing for an item that is expected with nothing', () => {
    const sums = new SumsOfMany(items, 1, 1);

    expect(sums.expect(5, 0)).toBe(true);
    expect(readOf(sums, 5)).toEqual(new Map());
    expect(sums.end).toBe(items + 1);
  });

  it('takes a vocabulary of one item', () => {
    const sums = new SumsOfMany(1, 1, 1);

    expect(sums.expect(1, 1)).toBe(true);
    sums.add(1, 1, 5);
    expect(readOf(sums, 1)).toEqual(new Map([[1, 5]]));
  });
});
