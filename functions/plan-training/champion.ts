import { championPointer, type RunChampion, runChampion } from '#lib/contracts/champion.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { missingModelFiles } from '#lib/promotion/champion.ts';
import { type Objects, toJson } from '#platform/objects.ts';

/**
 * Reads the champion, once for all attempts of a run. One whose files are missing is recorded as such: it cannot be
 * ranked, and must not fail this night and every later one.
 *
 * @returns `isNew` when this attempt fixed it, so that nothing has been ranked yet
 */
export async function fixChampion(
  objects: Objects,
  run: string,
): Promise<RunChampion & { readonly isNew: boolean }> {
  const inService = (await objects.getVersion(serving.champion, championPointer))?.value ?? null;
  const missing = inService === null ? [] : await missingModelFiles(objects, inService.prefix);
  const found: RunChampion = {
    inService,
    unusable: missing.length === 0 ? null : `missing: ${missing.join(', ')}`,
  };
  const isNew = await objects.putIfAbsent(runs.champion(run), toJson(found));
  return { ...(isNew ? found : await objects.getJson(runs.champion(run), runChampion)), isNew };
}
