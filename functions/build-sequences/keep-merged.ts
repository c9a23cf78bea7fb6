import type { CatalogueTexts } from '#functions/shared/catalogue.ts';
import { baseOf } from '#functions/shared/catalogue-objects.ts';
import { ConflictError } from '#lib/contracts/errors.ts';
import { arrivalOf, catalogues, items, runs } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { encodeListed, mergedPointer } from '#lib/sequences/merged-catalogue.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Lets whoever reads the catalogue from now on begin with a run's, once its `catalogue.arrow` is there. May be done twice, and
 * end anywhere: an upload is pending until the pointer says that it is in, and adding it once more changes nothing.
 */
export async function keepMerged(
  objects: Objects,
  { run, createdAt, inputs }: Pick<RunManifest, 'run' | 'createdAt' | 'inputs'>,
  merged: CatalogueTexts,
): Promise<void> {
  const base = baseOf(inputs.items);
  const added = new Set(
    inputs.items.flatMap(({ key }) => (key.startsWith(runs.root) ? [] : (arrivalOf(key) ?? []))),
  );
  if (added.size === 0) return;
  await objects.putBytes(runs.listedItems(run), encodeListed(merged));
  const before = await objects.getVersion(catalogues.latest, mergedPointer);
  if (before?.value.run !== run) {
    if (before !== undefined && before.value.snapshotAt >= createdAt) return;
    // Others have merged meanwhile what this run never saw.
    if (base !== undefined && base !== before?.value.run) return;
    if (base === undefined) await markPending(objects, added);
    const body = toJson({ schemaVersion: 1, run, snapshotAt: createdAt });
    try {
      if (before !== undefined) await objects.putIfMatch(catalogues.latest, body, before.etag);
      else if (!(await objects.putIfAbsent(catalogues.latest, body))) return;
    } catch (error) {
      if (error instanceof ConflictError) return;
      throw error;
    }
  }
  await objects.remove([...added].map(catalogues.pending));
}

/** What the first merge leaves out: uploads that are still being read or wait, from before there were such marks. */
async function markPending(objects: Objects, added: ReadonlySet<string>): Promise<void> {
  const others = new Set<string>();
  for await (const { key } of objects.list(items.prefix)) {
    const arrival = arrivalOf(key);
    if (arrival !== undefined && !added.has(arrival)) others.add(arrival);
  }
  for (const arrival of others) await objects.putIfAbsent(catalogues.pending(arrival), '');
}
