import { changeFreshCounts } from '#functions/shared/fresh-counts.ts';
import { uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { addUpload, type FreshCounts } from '#lib/popularity/fresh-counts.ts';
import {
  countActions,
  decodeItemCounts,
  type ItemCounts,
  itemCountsFile,
  newestOf,
} from '#lib/popularity/item-counts.ts';
import type { AllItems, Everybody } from '#lib/sequences/everybody.ts';
import type { Objects } from '#platform/objects.ts';

/** Counts everybody's actions as of the newest, or of the run's beginning. */
export function countEverybody(
  { items, actions }: Everybody,
  { createdAt }: Pick<RunManifest, 'createdAt'>,
): ItemCounts {
  const asOf = newestOf(actions.times, Date.parse(createdAt) / 1000);
  return countActions(actionsOf(items.itemIds, actions), asOf);
}

function* actionsOf(ids: readonly string[], { items, times }: Everybody['actions']) {
  for (let at = 0; at < items.length; at++) {
    yield { item: ids[items[at]! - 1]!, time: times[at]! };
  }
}

/**
 * Puts counts of everything that the run saw in place of what uploads have added up to, each action once; uploads that the
 * run did not see are added to it. What a newer run has counted stays.
 *
 * @returns whether this call wrote them
 */
export async function countAnew(
  objects: Objects,
  { run, createdAt, inputs }: RunManifest,
  { itemIds, isListed }: AllItems,
  counts: ItemCounts,
): Promise<boolean> {
  const seen = new Set(inputs.interactions.map(({ key }) => uploadOfPart(key)));
  const base: FreshCounts = {
    counts,
    base: { run, snapshotAt: createdAt },
    uploads: new Set(),
    left: new Set(itemIds.filter((_, row) => isListed[row] === 0)),
  };
  return changeFreshCounts(objects, async (before) => {
    if (before?.base && before.base.snapshotAt >= createdAt) return undefined;
    let fresh = base;
    for (const upload of before?.uploads ?? []) {
      if (seen.has(upload)) continue;
      const counted = await objects.getJson(uploads.counts(upload), itemCountsFile);
      fresh = addUpload(fresh, upload, decodeItemCounts(counted));
    }
    return fresh;
  });
}
