import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import {
  type EnvironmentRegistration,
  environmentPlan,
  environmentRegistration,
} from '#lib/environment/version.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';

export interface Registration {
  readonly run: string;
  readonly name: string;
  readonly artefacts: string;
}

/** @returns the prefix at which the recommender now is */
export async function registerRecommender(
  objects: Objects,
  { run, name, artefacts }: Registration,
): Promise<string> {
  const prefix = runs.modelPrefix(run, name);
  await copyModel(objects, artefacts, prefix);
  return prefix;
}

/** @returns the prefix at which the recommender now is that was fitted on all actions */
export async function registerRefit(
  objects: Objects,
  { run, name, artefacts }: Registration,
): Promise<string> {
  const prefix = runs.refittedPrefix(run, name);
  await copyModel(objects, artefacts, prefix);
  return prefix;
}

/** Also makes it the latest environment. @returns the prefix at which it now is */
export async function registerEnvironment(
  objects: Objects,
  { run, name: version, artefacts }: Registration,
): Promise<string> {
  const prefix = environments.folder(version);
  await copyModel(objects, artefacts, prefix);
  const { fingerprint } = await objects.getJson(runs.environmentPlan(run), environmentPlan);
  const registration: EnvironmentRegistration = {
    version,
    fingerprint,
    run,
    fittedAt: new Date().toISOString(),
  };
  await objects.putIfAbsent(environments.registration(version), toJson(registration));
  const fixed = await objects.getJson(environments.registration(version), environmentRegistration);
  await objects.putJson(environments.latest, fixed);
  return prefix;
}

async function copyModel(objects: Objects, artefacts: string, prefix: string): Promise<void> {
  const { source, keys } = await listArtefacts(objects, artefacts);
  const manifest = `${source}manifest.json`;
  if (!keys.includes(manifest)) {
    throw new MissingArtefactError(
      `The training job left no manifest.json at ${artefacts}: it ended before the model was complete. Its log says why.`,
    );
  }
  for (const key of [...keys.filter((key) => key !== manifest), manifest]) {
    await objects.copy(key, prefix + key.slice(source.length));
  }
}

/** What a training job left: its key prefix and all keys below it. */
export async function listArtefacts(
  objects: Objects,
  artefacts: string,
): Promise<{ readonly source: string; readonly keys: readonly string[] }> {
  const source = artefacts.replace(/^s3:\/\/[^/]+\//, '').replace(/\/?$/, '/');
  const keys: string[] = [];
  for await (const { key } of objects.list(source)) keys.push(key);
  return { source, keys };
}
