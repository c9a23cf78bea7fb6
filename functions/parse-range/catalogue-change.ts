import { idsOf, itemsOfPart, readListed } from '#functions/shared/catalogue.ts';
import { listCatalogue } from '#functions/shared/catalogue-objects.ts';
import type { CatalogueChange } from '#lib/interactions/approval.ts';
import { rowsKey, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { hashTitle } from '#lib/sequences/merged-catalogue.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * What a catalogue upload would change of the items that are shown now, once all its ranges are parsed: as the next night would
 * see them without it.
 */
export async function catalogueChange(
  objects: Objects,
  plan: UploadPlan,
): Promise<CatalogueChange> {
  const shown = await readListed(objects, await listCatalogue(objects));
  const replaced = shown.newest.get(plan.key);
  const before = replaced === undefined ? new Set<string>() : await idsOf(objects, replaced);
  const next = new Map<string, number>();
  for (const range of plan.ranges.keys()) {
    for await (const { item_id, title } of itemsOfPart(objects, { key: rowsKey(plan, range) }))
      next.set(item_id, hashTitle(title));
  }
  let known = 0;
  let renamed = 0;
  let left = 0;
  for (const [item, { title, files }] of shown.items) {
    if (files === 0) continue;
    known++;
    const now = next.get(item);
    // Another file lists it, too: it stays when this one no longer has it.
    const isElsewhere = files > (before.has(item) ? 1 : 0);
    if (now === undefined) left += isElsewhere ? 0 : 1;
    else if (now !== title) renamed++;
  }
  return { known, renamed, left };
}
