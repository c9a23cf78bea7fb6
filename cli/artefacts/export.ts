import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { championPointer } from '#lib/contracts/champion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { environments, runs, serving, uploads } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';
import { listNights } from './nights.ts';

/** Objects and bytes that were written. */
export interface Exported {
  readonly objects: number;
  readonly bytes: number;
}

/**
 * Copies what people look at into a folder, each object under its key (docs/contracts.md): the model in service, the
 * newest night's report and figures, the newest lists, the uploads' reports and quarantined rows.
 *
 * @param run another night than the newest
 * @throws ContractError for a key that would lead out of the folder
 */
export async function exportArtefacts(
  objects: Objects,
  folder: string,
  run?: string,
): Promise<Exported> {
  const keys = await chooseKeys(objects, run);
  let bytes = 0;
  for (const key of keys) {
    const path = resolve(folder, key);
    if (!path.startsWith(resolve(folder) + sep)) {
      throw new ContractError(`The key ${key} is no path below ${folder}: remove that object.`);
    }
    mkdirSync(dirname(path), { recursive: true });
    const file = createWriteStream(path);
    await pipeline(await objects.getStream(key), file);
    bytes += file.bytesWritten;
  }
  return { objects: keys.length, bytes };
}

/** Where a folder of nights has what people look at, as the last night or deletion left it. */
export const filesFolder = (out: string): string => join(out, 'files');

/** Writes what people look at anew: nothing that an earlier night left stays in the folder, and nobody finds a part of it. */
export async function renewFiles(objects: Objects, out: string, run?: string): Promise<void> {
  const folder = filesFolder(out);
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  await exportArtefacts(objects, unfinished, run);
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
}

/** The same where there are such files: after a night, not before the first one's end. */
export async function renewFilesIfThere(objects: Objects, out: string): Promise<void> {
  if (existsSync(filesFolder(out))) await renewFiles(objects, out);
}

async function chooseKeys(objects: Objects, asked: string | undefined): Promise<string[]> {
  const champion = (await objects.getVersion(serving.champion, championPointer))?.value;
  const run = asked ?? (await listNights(objects))[0]?.run;
  const keys: string[] = [];
  if (champion !== undefined) {
    keys.push(serving.champion, ...Object.values(serving.modelFiles(champion.serving)));
  }
  if (run !== undefined) {
    const { config, status, manifest, cost, evaluation, verdict, summary } = runs;
    for (const keyOf of [config, status, manifest, cost, evaluation, verdict, summary]) {
      if ((await objects.head(keyOf(run))) !== undefined) keys.push(keyOf(run));
    }
    keys.push(...(await below(objects, runs.reportPrefix(run), /./)));
    keys.push(...(await below(objects, serving.recommendationsPrefix(run), /./)));
  }
  keys.push(...(await below(objects, uploads.reportPrefix, /\/report\.json$/)));
  keys.push(...(await below(objects, uploads.quarantineRoot, /./)));
  keys.push(...(await below(objects, environments.prefix, /\/metrics\.json$/)));
  return keys;
}

async function below(objects: Objects, prefix: string, wanted: RegExp): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of objects.list(prefix)) if (wanted.test(key)) keys.push(key);
  return keys;
}
