import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeColumns, int32Column, utf8Column } from '#lib/columns/arrow-writing.ts';
import { decodeItemTable, encodeItemTable } from '#lib/sequences/item-table.ts';

const item = fc.record({
  id: fc.string({ unit: 'grapheme' }),
  title: fc.string({ unit: 'grapheme' }),
  fields: fc.dictionary(fc.string(), fc.string({ unit: 'grapheme' }), {
    noNullPrototype: true,
    maxKeys: 3,
  }),
  count: fc.nat({ max: 2 ** 31 - 1 }),
});

describe('Function: encodeItemTable, decodeItemTable', () => {
  it('gives back what went in, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(item, { maxLength: 8 }), (items) => {
        // Arrange
        const table = {
          itemIds: items.map(({ id }) => id),
          titles: items.map(({ title }) => title),
          fields: items.map(({ fields }) => fields),
          counts: Int32Array.from(items, ({ count }) => count),
        };

        // Act
        const decoded = decodeItemTable(encodeItemTable(table));

        // Assess
        expect(decoded).toEqual(table);
      }),
    );
  });

  it("keeps fields with the names of JavaScript's own", () => {
    // Arrange
    const fields = [JSON.parse('{"__proto__": "a", "constructor": "b"}')];
    const table = { itemIds: ['i'], titles: ['t'], fields, counts: Int32Array.of(1) };

    // Act
    const decoded = decodeItemTable(encodeItemTable(table));

    // Assess
    expect(Object.entries(decoded.fields[0]!)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
  });

  it.each([
    ['{', 'is not JSON'],
    ['[]', 'is not a JSON object of texts'],
    ['{"year": 1994}', 'is not a JSON object of texts'],
  ])('names the row whose fields are %s', (fields, problem) => {
    // Arrange
    const bytes = encodeColumns([
      utf8Column('item_id', ['a', 'b']),
      utf8Column('title', ['A', 'B']),
      utf8Column('fields', ['{}', fields]),
      int32Column('count', Int32Array.of(1, 1)),
    ]);

    // Act and assess
    expect(() => decodeItemTable(bytes)).toThrow(`row 1, column "fields" ${problem}`);
  });
});
