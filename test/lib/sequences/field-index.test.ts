import { describe, expect, it } from 'vitest';
import { decodeFieldIndex, encodeFieldIndex, indexFields } from '#lib/sequences/field-index.ts';

const catalogue = new Map(
  Object.entries({
    a: { title: 'A', fields: { genres: 'Crime, Drama', year: '1999' } },
    b: { title: 'B', fields: { genres: ' drama ', about: 'x'.repeat(101) } },
    c: { title: 'C', fields: { genres: 'War|Drama;Épique' } },
  }),
);
const index = indexFields(catalogue, ['c', 'unlisted', 'a', 'b']);
const itemsOf = (field: string, value: string) => [...(index.get(field)?.get(value) ?? [])];

describe('Function: indexFields', () => {
  it('finds items by whole texts and by their parts, whatever the case', () => {
    expect(itemsOf('genres', 'drama')).toEqual([1, 3, 4]);
    expect(itemsOf('genres', 'crime, drama')).toEqual([3]);
    expect(itemsOf('genres', 'épique')).toEqual([1]);
    expect(itemsOf('year', '1999')).toEqual([3]);
  });

  it('leaves descriptions out', () => {
    expect([...index.keys()]).toEqual(['genres', 'year']);
  });

  it('leaves a field out of which every item has a value of its own', () => {
    const ids = Array.from({ length: 100_002 }, (_, item) => `${item}`);
    const many = new Map(ids.map((id) => [id, { title: '', fields: { sku: id, kind: 'x' } }]));

    expect([...indexFields(many, ids).keys()]).toEqual(['kind']);
  });

  it('can be written and read', () => {
    expect(decodeFieldIndex(encodeFieldIndex(index))).toEqual(index);
    expect(decodeFieldIndex(encodeFieldIndex(new Map()))).toEqual(new Map());
  });
});
