import { championPointer, championRecord } from '#lib/contracts/champion.ts';
import type { VariantsConfig } from '#lib/contracts/config/serving.ts';
import { catalogues, environments, runs, serving, vectors } from '#lib/contracts/keys.ts';
import { vectorsRegistration } from '#lib/environment/vectors-plan.ts';
import { environmentRegistration } from '#lib/environment/version.ts';
import { championsBackFrom } from '#lib/promotion/champion.ts';
import { everybodyLatest } from '#lib/sequences/everybody-files.ts';
import { mergedPointer } from '#lib/sequences/merged-catalogue.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import type { Kept } from './expired.ts';

/**
 * What is served, what a rollback may serve again, and what is used again.
 *
 * @param champions how many champions a rollback can go back to: along the chain of those that each other followed, and by
 *   name to those promoted last, also when a rollback has left them aside
 * @param challenger whom the champion is compared with, if anybody
 */
export async function findKept(
  objects: Objects,
  champions: number,
  challenger?: VariantsConfig['challenger'],
): Promise<Kept> {
  const inService = (await objects.getVersion(serving.champion, championPointer))?.value;
  const prefixes = new Set<string>();
  if (inService !== undefined) {
    for await (const { judged, serving } of championsBackFrom(objects, inService, champions)) {
      prefixes.add(judged).add(serving);
    }
  }
  const records: ObjectSummary[] = [];
  for await (const record of objects.list(serving.championHistoryPrefix)) records.push(record);
  const newest = records.toSorted((a, b) => b.lastModified.getTime() - a.lastModified.getTime());
  for (const { key } of newest.slice(0, champions)) {
    const { champion } = await objects.getJson(key, championRecord);
    prefixes.add(champion.judged).add(champion.serving);
  }
  for (const prefix of await challengerPrefixes(objects, challenger)) prefixes.add(prefix);
  const registered = await objects.getVersion(environments.latest, environmentRegistration);
  const made = await objects.getVersion(vectors.latest, vectorsRegistration);
  const latest = await objects.getVersion(serving.everybody, everybodyLatest);
  const merged = await objects.getVersion(catalogues.latest, mergedPointer);
  return {
    modelPrefixes: [...prefixes],
    environmentVersion: registered?.value.version,
    vectors: made?.value,
    everybody: latest?.value.run,
    catalogue: merged?.value.run,
  };
}

/** Where the files of the model are, or may be, that the champion is compared with. */
async function challengerPrefixes(
  objects: Objects,
  challenger: VariantsConfig['challenger'] | undefined,
): Promise<string[]> {
  if (challenger === undefined) return [];
  const { run, name } = challenger;
  if (name !== null) return [runs.modelPrefix(run, name), runs.refittedPrefix(run, name)];
  const promoted = await objects.getVersion(serving.championHistory(run), championRecord);
  return promoted === undefined ? [] : [promoted.value.champion.serving];
}
