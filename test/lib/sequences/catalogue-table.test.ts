import { describe, expect, test } from 'vitest';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import type { CatalogueItem } from '#lib/sequences/interaction-log.ts';

describe('encodeCatalogue', () => {
  test('writes every item once, in order of ids, whatever the order of uploads', () => {
    const fields = JSON.parse('{"__proto__": "kept", "genre": "Drama"}');
    const items: [string, CatalogueItem][] = [
      ['b', { title: 'Zweite', fields: {} }],
      ['10', { title: 'Zehn', fields }],
      ['ä', { title: 'Umlaut', fields: { genre: '' } }],
    ];

    const bytes = encodeCatalogue(new Map(items));
    const columns = decodeColumns(bytes, 'the catalogue');

    expect(columns.column('item_id').strings()).toEqual(['10', 'b', 'ä']);
    expect(columns.column('title').strings()).toEqual(['Zehn', 'Zweite', 'Umlaut']);
    expect(columns.column('fields').strings()).toEqual([
      '{"__proto__":"kept","genre":"Drama"}',
      '{}',
      '{"genre":""}',
    ]);
    expect(encodeCatalogue(new Map(items.toReversed()))).toEqual(bytes);
  });
});
