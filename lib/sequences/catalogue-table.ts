import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, utf8Column } from '#lib/columns/arrow-writing.ts';
import type { CatalogueItem } from './interaction-log.ts';

/**
 * Writes the whole catalogue (docs/contracts.md, "Item vectors") as an Arrow IPC stream, rows in order of item ids
 * (UTF-16 code units), so that the same catalogue gives the same bytes however it was uploaded.
 */
export function encodeCatalogue(catalogue: ReadonlyMap<string, CatalogueItem>): Uint8Array {
  const rows = [...catalogue].sort(([a], [b]) => (a < b ? -1 : 1)); // ids differ
  return encodeColumns([
    utf8Column(
      'item_id',
      rows.map(([id]) => id),
    ),
    utf8Column(
      'title',
      rows.map(([, { title }]) => title),
    ),
    utf8Column(
      'fields',
      rows.map(([, { fields }]) => JSON.stringify(fields)),
    ),
  ]);
}

/** What a catalogue says about its items, row by row. */
export interface CatalogueTexts {
  readonly itemIds: readonly string[];
  readonly titles: readonly string[];
  /** JSON of the other text fields. */
  readonly fields: readonly string[];
}

/**
 * Reads what `encodeCatalogue` writes.
 *
 * @throws ContractError naming the column that does not follow the contract
 */
export function decodeCatalogue(bytes: Uint8Array): CatalogueTexts {
  const columns = decodeColumns(bytes, 'the catalogue');
  return {
    itemIds: columns.column('item_id').strings(),
    titles: columns.column('title').strings(),
    fields: columns.column('fields').strings(),
  };
}
