import * as z from 'zod';
import {
  type Champion,
  championPointer,
  type RunChampion,
  runChampion,
} from '#lib/contracts/champion.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { missingModelFiles } from '#lib/promotion/champion.ts';
import { isBlendOfHistories } from '#lib/serving/blend-file.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';

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
  const missing: string[] = [];
  for (const prefix of inService === null ? [] : prefixesOf(inService)) {
    missing.push(...(await missingModelFiles(objects, prefix)));
  }
  const found: RunChampion = {
    inService,
    unusable: missing.length === 0 ? null : `missing: ${missing.join(', ')}`,
  };
  const isNew = await objects.putIfAbsent(runs.champion(run), toJson(found));
  return { ...(isNew ? found : await objects.getJson(runs.champion(run), runChampion)), isNew };
}

/** Of what is compared with, and of what is served: a night without the latter serves nobody. */
const prefixesOf = ({ judged, serving }: Champion) => new Set([judged, serving]);

/**
 * The champion, if ranking it takes a training job: not if it cannot be compared with, nor if it has no network, since such
 * are ranked where models are evaluated.
 */
export async function championToRank(
  objects: Objects,
  { inService, unusable }: RunChampion,
): Promise<Champion | undefined> {
  if (inService === null || unusable !== null) return undefined;
  const { description } = serving.modelFiles(inService.judged);
  const json = await objects.getJson(description, z.unknown());
  return isBlendOfHistories(json) ? undefined : inService;
}
