import { gunzipSync, gzipSync } from 'node:zlib';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, int32Values, listColumn, utf8Column } from '#lib/columns/arrow-writing.ts';
import type { CatalogueItem } from './interaction-log.ts';

/** Longest value that items are looked up by, in characters: a description is nothing to filter by. */
const longestValue = 100;
/** Values of a field; one with more (an address, a key) tells items apart and does not group them. */
const mostValues = 100_000;

/**
 * Which items have a value in a field of the catalogue, so that nobody reads texts while somebody waits for a list. By the
 * field's name, then by the value as `filterValue` writes it: item indices of `AllItems`, ascending.
 */
export type FieldIndex = ReadonlyMap<string, ReadonlyMap<string, Int32Array>>;

/** A value as it is looked up: without the blanks around it, whatever its case. */
export const filterValue = (text: string): string => text.trim().toLowerCase().normalize('NFC');

/**
 * Indexes every field of the catalogue by its whole text and by the parts between `|`, `;` and `,`: `Crime, Drama` is found as
 * `Crime, Drama`, as `crime` and as `drama`. Left out are longer values, and fields with more of them than are worth it.
 *
 * @param itemIds of `AllItems`
 */
export function indexFields(
  catalogue: ReadonlyMap<string, CatalogueItem>,
  itemIds: readonly string[],
): FieldIndex {
  const lists = new Map<string, Map<string, number[]>>();
  itemIds.forEach((id, row) => {
    for (const [field, text] of Object.entries(catalogue.get(id)?.fields ?? {})) {
      const values = lists.get(field) ?? new Map<string, number[]>();
      lists.set(field, values);
      if (values.size > mostValues) continue;
      for (const value of valuesOf(text)) {
        const items = values.get(value);
        if (items === undefined) values.set(value, [row + 1]);
        else items.push(row + 1);
      }
    }
  });
  return new Map(
    [...lists]
      .filter(([, values]) => values.size > 0 && values.size <= mostValues)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, values]) => [
        field,
        new Map([...values].map(([value, items]) => [value, Int32Array.from(items)])),
      ]),
  );
}

function valuesOf(text: string): Set<string> {
  const values = [text, ...text.split(/[|;,]/)].map(filterValue);
  return new Set(values.filter((value) => value !== '' && value.length <= longestValue));
}

/** Writes the index as a gzipped Arrow IPC stream, a row for each value of each field. */
export function encodeFieldIndex(index: FieldIndex): Uint8Array {
  const rows = [...index].flatMap(([field, values]) =>
    [...values].map(([value, items]) => ({ field, value, items })),
  );
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach(({ items }, row) => {
    offsets[row + 1] = offsets[row]! + items.length;
  });
  const all = new Int32Array(offsets.at(-1)!);
  rows.forEach(({ items }, row) => {
    all.set(items, offsets[row]);
  });
  return gzipSync(
    encodeColumns([
      utf8Column(
        'field',
        rows.map(({ field }) => field),
      ),
      utf8Column(
        'value',
        rows.map(({ value }) => value),
      ),
      listColumn('items', offsets, int32Values(all)),
    ]),
    { level: 1 },
  );
}

/** @throws ContractError naming the column that does not follow the contract */
export function decodeFieldIndex(bytes: Uint8Array): FieldIndex {
  const columns = decodeColumns(gunzipSync(bytes), "the index of the catalogue's fields");
  const fields = columns.column('field').strings();
  const values = columns.column('value').strings();
  const { offsets, values: lists } = columns.column('items').list();
  const items = lists.int32();
  const index = new Map<string, Map<string, Int32Array>>();
  fields.forEach((field, row) => {
    const own = index.get(field) ?? new Map<string, Int32Array>();
    own.set(values[row]!, items.subarray(offsets[row], offsets[row + 1]));
    index.set(field, own);
  });
  return index;
}
