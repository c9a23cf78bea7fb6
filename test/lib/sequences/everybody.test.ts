import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatherEverybody, type RecentHistories } from '#lib/sequences/everybody.ts';
import {
  decodeAllItems,
  decodeRecentHistories,
  encodeAllItems,
  encodeRecentHistories,
} from '#lib/sequences/everybody-files.ts';
import { orderHistories } from '#lib/sequences/histories.ts';
import { histories, logOf, type Row, rows } from './arbitraries.ts';

type Options = Partial<Parameters<typeof gatherEverybody>[2]>;

function everybodyOf(
  all: readonly Row[],
  options: Options = {},
  log: Parameters<typeof logOf>[1] = {},
) {
  const gathered = logOf(all, log);
  const ordered = orderHistories(gathered, { policy: 'upload-order', seed: 1 });
  return gatherEverybody(gathered, ordered, { window: 3, ...options });
}

/** Histories as texts of item ids. */
function plain(parts: readonly RecentHistories[], itemIds: readonly string[]) {
  const text = (items: Int32Array) => [...items].map((item) => itemIds[item - 1]).join(' ');
  return parts.map((part) =>
    Object.fromEntries(
      part.users.map((user, place) => [
        user,
        [
          text(part.items.subarray(part.offsets[place], part.offsets[place + 1])),
          text(
            part.earlierItems.subarray(part.earlierOffsets[place], part.earlierOffsets[place + 1]),
          ),
        ],
      ]),
    ),
  );
}

const all = histories({ u2: 'b a', u1: 'a b a c a', u3: 'd' });

describe('Function: gatherEverybody', () => {
  it('has everybody, with the newest actions and all items taken before', () => {
    // Act
    const { items, parts } = everybodyOf(all);

    // Assess
    expect(items.itemIds).toEqual(['a', 'b', 'c', 'd']);
    expect([...items.counts]).toEqual([4, 2, 1, 1]);
    expect(plain(parts, items.itemIds)).toEqual([
      { u1: ['a c a', 'b'], u2: ['b a', ''], u3: ['d', ''] },
    ]);
    expect([...parts[0]!.times.subarray(0, 3)]).toEqual([
      1_500_000_002, 1_500_000_003, 1_500_000_004,
    ]);
  });

  it('shares users out to parts in order of their ids', () => {
    const { items, parts } = everybodyOf(all, { usersPerPart: 2 });
    expect(plain(parts, items.itemIds).map((part) => Object.keys(part))).toEqual([
      ['u1', 'u2'],
      ['u3'],
    ]);
  });

  it('has all of the catalogue, says what has left it, and nothing has without one', () => {
    // Arrange
    const catalogue = new Map([
      ['a', { title: 'A', fields: {} }],
      ['b', { title: 'B', fields: {}, hasLeft: true }],
      ['new', { title: 'New', fields: {}, hasLeft: false }],
    ]);

    // Act
    const { items, parts } = everybodyOf(all, {}, { catalogue });

    // Assess
    expect(items).toEqual({
      itemIds: ['a', 'b', 'new'],
      titles: ['A', 'B', 'New'],
      counts: Int32Array.of(4, 2, 0),
      isListed: Uint8Array.of(1, 0, 1),
    });
    expect(plain(parts, items.itemIds)).toEqual([{ u1: ['b a a', ''], u2: ['b a', ''] }]);
    expect([...everybodyOf(all).items.isListed]).toEqual([1, 1, 1, 1]);
  });

  it('gives the same whatever the order of the log, loses nobody, and can be written and read', () => {
    fc.assert(
      fc.property(rows, (some) => {
        // Act
        const { items, parts } = everybodyOf(some, { usersPerPart: 2 });

        // Assess
        const again = everybodyOf(some.toReversed(), { usersPerPart: 2 });
        expect([again.items, again.parts]).toEqual([items, parts]);
        expect(parts.flatMap(({ users }) => users)).toEqual(
          [...new Set(some.map(({ user_id }) => user_id))].sort(),
        );
        expect(decodeAllItems(encodeAllItems(items))).toEqual(items);
        for (const part of parts) {
          expect(decodeRecentHistories(encodeRecentHistories(part))).toEqual(part);
        }
      }),
    );
  });

  it('leaves out of a history nothing but what is in its window', () => {
    fc.assert(
      fc.property(rows, (some) => {
        const { items, parts } = everybodyOf(some, { window: 2 });
        const taken = Object.groupBy(some, ({ user_id }) => user_id);
        for (const [user, [newest, earlier]] of plain(parts, items.itemIds).flatMap((part) =>
          Object.entries(part),
        )) {
          const known = `${newest} ${earlier}`.trim().split(' ');
          expect(new Set(known)).toEqual(new Set(taken[user]!.map(({ item_id }) => item_id)));
        }
      }),
    );
  });
});
