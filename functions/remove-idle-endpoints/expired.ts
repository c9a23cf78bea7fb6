import { sharedPrefix } from '#lib/contracts/job-name.ts';
import { environments } from '#lib/contracts/keys.ts';
import type { JsonService } from '#platform/json-service.ts';
import type { Objects } from '#platform/objects.ts';
import { configuredModel, deleteHosted, type Kind, listHosted, modelFiles } from './sagemaker.ts';

/**
 * Removes models whose environment has expired, and endpoint configurations with no model left. Both cost nothing and
 * serve whichever run needs the same, so no run removes them; but an account may have only so many.
 *
 * @param deployment its name
 * @returns the names of those that are gone now
 */
export async function removeExpired(
  sagemaker: JsonService,
  objects: Pick<Objects, 'bucket' | 'head'>,
  deployment: string,
): Promise<string[]> {
  // Configurations first: a model that one of them names was there before it.
  const configs = await listNamed(sagemaker, 'EndpointConfig', deployment);
  const models = new Set(await listNamed(sagemaker, 'Model', deployment));
  const removed: string[] = [];
  const remove = async (kind: Kind, name: string) => {
    if (await deleteHosted(sagemaker, kind, name)) removed.push(name);
  };
  for (const name of [...models]) {
    const files = await modelFiles(sagemaker, name);
    if (files !== undefined && !(await hasExpired(objects, files))) continue;
    models.delete(name);
    await remove('Model', name);
  }
  for (const name of configs) {
    const model = await configuredModel(sagemaker, name);
    if (model === undefined || !models.has(model)) await remove('EndpointConfig', name);
  }
  return removed;
}

async function listNamed(
  sagemaker: JsonService,
  kind: Kind,
  deployment: string,
): Promise<string[]> {
  const start = sharedPrefix(deployment);
  const found = await listHosted(sagemaker, kind, start);
  return found
    .map(({ name }) => name)
    .filter((name) => name.startsWith(start) && /^[0-9a-f]+$/.test(name.slice(start.length)));
}

/** @param files URI of the folder that a model's files come from */
async function hasExpired(
  objects: Pick<Objects, 'bucket' | 'head'>,
  files: string,
): Promise<boolean> {
  const folder = `s3://${objects.bucket}/${environments.prefix}`;
  if (!files.startsWith(folder)) return false;
  const version = files.slice(folder.length).replace(/\/$/, '');
  return (await objects.head(environments.registration(version))) === undefined;
}
