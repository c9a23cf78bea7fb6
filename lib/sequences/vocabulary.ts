import type { InteractionLog } from './interaction-log.ts';
import type { ItemTable } from './item-table.ts';

/** The vocabulary and how the log's item numbers map to it. */
export interface Vocabulary {
  readonly table: ItemTable;
  /** Item index (1 to the number of items) of each item number of the log, 0 for one that is left out. */
  readonly indexOf: Int32Array;
}

/**
 * Numbers the items that are left: by count in the training actions, largest first, then by item id (UTF-16 code
 * units). So the order follows from the data alone, popular items are close together, and it tells nothing of held-out
 * actions: an item that occurs only in those has count 0 and comes last.
 *
 * @param isLeft 1 for each item number that occurs in any part of the split
 * @param counts occurrences of each item number in the training actions
 */
export function buildVocabulary(
  log: { readonly itemIds: readonly string[]; readonly catalogue: InteractionLog['catalogue'] },
  isLeft: Uint8Array,
  counts: Int32Array,
): Vocabulary {
  const order: number[] = [];
  for (let item = 0; item < isLeft.length; item++) if (isLeft[item]) order.push(item);
  order.sort(
    (a, b) => counts[b]! - counts[a]! || (log.itemIds[a]! < log.itemIds[b]! ? -1 : 1), // ids differ
  );
  const indexOf = new Int32Array(isLeft.length);
  order.forEach((item, place) => {
    indexOf[item] = place + 1;
  });
  const itemIds = order.map((item) => log.itemIds[item]!);
  return {
    indexOf,
    table: {
      itemIds,
      titles: itemIds.map((id) => log.catalogue?.get(id)?.title ?? id),
      fields: itemIds.map((id) => log.catalogue?.get(id)?.fields ?? {}),
      counts: Int32Array.from(order, (item) => counts[item]!),
    },
  };
}
