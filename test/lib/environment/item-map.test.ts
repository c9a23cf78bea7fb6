import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import {
  addedItemsOf,
  decodeItemIds,
  encodeItemMap,
  ItemMap,
  matchItems,
  shareOfActions,
} from '#lib/environment/item-map.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';

const ids = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 12 });

describe('Function: matchItems', () => {
  test('an item keeps its index when the vocabulary grows and is reordered', () => {
    // Act
    const { indices, added } = matchItems(['c', 'new', 'a', 'newer'], ['a', 'b', 'c']);

    // Assess
    expect([...indices]).toEqual([3, 4, 1, 5]);
    expect([...added]).toEqual([1, 3]);
  });

  test('on the next night what was added is known, in whatever order', () => {
    fc.assert(
      fc.property(ids, ids, ids, (fitted, tonight, tomorrow) => {
        const first = matchItems(tonight, fitted);
        const known = [...fitted, ...Array.from(first.added, (row) => tonight[row]!)];

        const second = matchItems(tomorrow, known);

        const all = [...known, ...Array.from(second.added, (row) => tomorrow[row]!)];
        expect(new Set(all).size).toBe(all.length);
        tonight.forEach((id, row) => {
          expect(all[first.indices[row]! - 1]).toBe(id);
        });
        tomorrow.forEach((id, row) => {
          expect(all[second.indices[row]! - 1]).toBe(id);
        });
      }),
    );
  });
});

describe('Class: ItemMap', () => {
  const map = ItemMap.decode(encodeItemMap(Int32Array.of(3, 4, 1)));

  test('translates there and back', () => {
    expect([...map.toEnvironment(Int32Array.of(1, 3, 2))]).toEqual([3, 1, 4]);
    expect([3, 4, 1].map((index) => map.fromEnvironment(index))).toEqual([1, 2, 3]);
  });

  test('an item of the environment that the run does not have is 0', () => {
    expect([map.fromEnvironment(2), map.fromEnvironment(99)]).toEqual([0, 0]);
  });

  test('an item that the vocabulary does not have is an error', () => {
    expect(() => map.toEnvironment(Int32Array.of(4))).toThrow(/Item 4 is not in .* of 3 items/);
  });

  test('an index below 1 is an error that names the item', () => {
    expect(() => ItemMap.decode(encodeItemMap(Int32Array.of(1, 0)))).toThrow(/has 0 for item 2/);
  });
});

test('Function: shareOfActions: the share of counts', () => {
  expect(shareOfActions(Int32Array.of(6, 3, 1), Int32Array.of(1, 2))).toBe(0.4);
  expect(shareOfActions(Int32Array.of(0), Int32Array.of(0))).toBe(0);
});

test('Function: addedItemsOf: ids and texts of some rows of a vocabulary', () => {
  // Arrange
  const table = {
    itemIds: ['a', 'b', 'ü'],
    titles: ['A', 'B', 'Ü'],
    fields: [{}, { genre: 'x' }, { genre: 'ü' }],
    counts: Int32Array.of(3, 2, 1),
  };
  const vocabulary = decodeColumns(encodeItemTable(table), 'the item table');
  // Act
  const added = decodeColumns(addedItemsOf(vocabulary, Int32Array.of(0, 2)), 'added');
  // Assess
  expect(added.column('title').strings()).toEqual(['A', 'Ü']);
  expect(
    added
      .column('fields')
      .strings()
      .map((text) => JSON.parse(text)),
  ).toEqual([{}, { genre: 'ü' }]);
  expect(decodeItemIds(addedItemsOf(vocabulary, Int32Array.of(1)))).toEqual(['b']);
});
