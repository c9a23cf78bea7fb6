import { changeFreshCounts } from '#functions/shared/fresh-counts.ts';
import { uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { addUpload, type FreshCounts } from '#lib/popularity/fresh-counts.ts';
import {
  countActions,
  decodeItemCounts,
  itemCountsFile,
  newestOf,
} from '#lib/popularity/item-counts.ts';
import type { Everybody } from '#lib/sequences/everybody.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Puts counts of everything that the run saw in place of what uploads have added up to, each action once; uploads that the
 * run did not see are added to it. What a newer run has counted stays.
 *
 * @returns whether this call wrote them
 */
export async function countAnew(
  objects: Objects,
  { run, createdAt, inputs }: RunManifest,
  { items, actions }: Everybody,
): Promise<boolean> {
  const asOf = newestOf(actions.times, Date.parse(createdAt) / 1000);
  function* all() {
    for (let at = 0; at < actions.items.length; at++) {
      yield { item: items.itemIds[actions.items[at]! - 1]!, time: actions.times[at]! };
    }
  }
  const seen = new Set(inputs.interactions.map(({ key }) => uploadOfPart(key)));
  const base: FreshCounts = {
    counts: countActions(all(), asOf),
    base: { run, snapshotAt: createdAt },
    uploads: new Set(),
    left: new Set(items.itemIds.filter((_, row) => items.isListed[row] === 0)),
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
