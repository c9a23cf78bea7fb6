import * as z from 'zod';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { encodeColumns, int32Column, utf8Column } from '#lib/columns/arrow-writing.ts';
import { ContractError } from '#lib/contracts/errors.ts';

/**
 * The vocabulary (docs/contracts.md, 3): item index `i` (1 to the number of items; 0 is padding) is row `i - 1`.
 */
export interface ItemTable {
  readonly itemIds: readonly string[];
  /** The catalogue's title; the item id where there is no catalogue. */
  readonly titles: readonly string[];
  /** The catalogue's other text fields, by name. */
  readonly fields: readonly Readonly<Record<string, string>>[];
  /** Occurrences in the training sequences, `[items]`. */
  readonly counts: Int32Array;
}

const fieldsSchema = z.record(z.string(), z.string());

/** Writes the vocabulary as an Arrow IPC stream of one record batch. */
export function encodeItemTable(table: ItemTable): Uint8Array {
  return encodeColumns([
    utf8Column('item_id', table.itemIds),
    utf8Column('title', table.titles),
    utf8Column(
      'fields',
      table.fields.map((fields) => JSON.stringify(fields)),
    ),
    int32Column('count', table.counts),
  ]);
}

/**
 * Reads the vocabulary.
 *
 * @throws ContractError naming the column and row that do not follow the contract
 */
export function decodeItemTable(bytes: Uint8Array): ItemTable {
  const columns = decodeColumns(bytes, 'the item table');
  const fields = columns.column('fields').strings().map(parseFields);
  return {
    itemIds: columns.column('item_id').strings(),
    titles: columns.column('title').strings(),
    fields,
    counts: columns.column('count').int32(),
  };
}

function parseFields(text: string, row: number): Record<string, string> {
  const where = `the item table: row ${row}, column "fields"`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ContractError(`${where} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
  const result = fieldsSchema.safeParse(value);
  if (!result.success) {
    throw new ContractError(`${where} is not a JSON object of texts.`, { cause: result.error });
  }
  return value as Record<string, string>; // and not zod's copy, which leaves a field named __proto__ out
}
