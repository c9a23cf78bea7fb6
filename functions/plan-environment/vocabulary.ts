import { type Columns, decodeColumns } from '#lib/columns/arrow-reading.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import {
  addedItemsOf,
  decodeItemIds,
  type ItemMatch,
  matchItems,
  shareOfActions,
} from '#lib/environment/item-map.ts';
import type { Objects } from '#platform/objects.ts';

/** A run's vocabulary, of which no text has been read yet. */
export interface Vocabulary {
  readonly itemIds: readonly string[];
  readonly counts: Int32Array;
  readonly columns: Columns;
}

export async function readVocabulary(objects: Objects, run: string): Promise<Vocabulary> {
  const columns = decodeColumns(await objects.getBytes(runs.itemTable(run)), 'the item table');
  return {
    itemIds: columns.column('item_id').strings(),
    counts: columns.column('count').int32(),
    columns,
  };
}

/** How a vocabulary and an environment go together. */
export interface VocabularyMatch extends ItemMatch {
  /** Rows of items that the environment was not fitted with, whether they have been added to it before or not. */
  readonly newRows: Int32Array;
  /** Share (0-1) of the training actions that are on those. */
  readonly newShare: number;
  /** The part that the next items to be added go into. */
  readonly nextPart: number;
}

/** @returns undefined when the environment's items are not there: it cannot be used */
export async function matchVocabulary(
  objects: Objects,
  version: string,
  { itemIds, counts }: Vocabulary,
): Promise<VocabularyMatch | undefined> {
  if ((await objects.head(environments.items(version))) === undefined) return undefined;
  const known = decodeItemIds(await objects.getBytes(environments.items(version)));
  const fitted = known.length;
  let nextPart = 0;
  for await (const { key } of objects.list(environments.addedPrefix(version))) {
    for (const id of decodeItemIds(await objects.getBytes(key))) known.push(id);
    nextPart++;
  }
  const match = matchItems(itemIds, known);
  const newRows = Int32Array.from(itemIds.keys()).filter((row) => match.indices[row]! > fitted);
  return { ...match, newRows, newShare: shareOfActions(counts, newRows), nextPart };
}

/** Tells an environment of items that it has not heard of: their ids and texts, from which it makes their tokens. */
export async function addNewItems(
  objects: Objects,
  version: string,
  { columns }: Vocabulary,
  { added, nextPart }: Pick<VocabularyMatch, 'added' | 'nextPart'>,
): Promise<void> {
  if (added.length === 0) return;
  await objects.putBytes(environments.added(version, nextPart), addedItemsOf(columns, added));
}
