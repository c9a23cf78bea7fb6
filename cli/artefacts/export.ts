import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { championPointer } from '#lib/contracts/champion.ts';
import { ContractError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { environments, runs, serving, uploads } from '#lib/contracts/keys.ts';
import { everybodyManifest } from '#lib/sequences/everybody-files.ts';
import type { Objects } from '#platform/objects.ts';
import { type AllListsOptions, writeAllLists } from './lists.ts';
import { listNights } from './nights.ts';
import { findInService } from './recommendation.ts';

/** Files and bytes that were written. */
export interface Exported {
  readonly files: number;
  readonly bytes: number;
  /** Users whose lists are among them; 0 where they were not made. */
  readonly users: number;
}

/** Lists for everybody, in a folder of files. */
const listsFile = 'lists.csv';
/** Of so many users at most they are among the files: that takes some seconds. */
export const mostUsers = 50_000;
const itemsOfList = 10;

export interface ExportOptions {
  /** Another night than the newest. */
  readonly run?: string | undefined;
  readonly onUsers?: AllListsOptions['onUsers'];
  /** Whether lists for everybody are made. */
  readonly lists?: boolean | undefined;
}

/**
 * Copies what people look at into a folder, each object under its key (docs/contracts.md): the model in service, the
 * newest night's report and figures, the newest lists, the uploads' reports and quarantined rows. Lists for everybody
 * are made for it unless they are not wanted.
 *
 * @throws ContractError for a key that would lead out of the folder
 */
export async function exportArtefacts(
  objects: Objects,
  folder: string,
  { run, onUsers, lists: areWanted = true }: ExportOptions = {},
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
  const lists = join(folder, listsFile);
  const users = areWanted ? await writeListsOfFew(objects, lists, onUsers) : 0;
  if (users === 0) return { files: keys.length, bytes, users };
  return { files: keys.length + 1, bytes: bytes + statSync(lists).size, users };
}

/** @returns the number of users; 0, and no file, while nothing is in service or where there are too many */
async function writeListsOfFew(
  objects: Objects,
  file: string,
  onUsers: ExportOptions['onUsers'],
): Promise<number> {
  const found = await findInService(objects);
  if (found === undefined) return 0;
  const manifest = await objects.getVersion(runs.everybodyManifest(found.run), everybodyManifest);
  if (manifest === undefined || manifest.value.users > mostUsers) return 0;
  mkdirSync(dirname(file), { recursive: true });
  return await writeAllLists(objects, file, {
    format: { isCsv: true, isGzipped: false },
    count: itemsOfList,
    onUsers,
  });
}

/** Where a folder of nights has what people look at, as the last night, deletion or change of the champion left it. */
export const filesFolder = (out: string): string => join(out, 'files');

/**
 * Writes what people look at anew: nothing that was there before stays, whatever fails, and nobody finds a part of it. Lists for
 * everybody take seconds, so they are made where they are asked for, and from then on.
 */
export async function renewFiles(
  objects: Objects,
  out: string,
  { lists = false, ...options }: ExportOptions = {},
): Promise<Exported> {
  const folder = filesFolder(out);
  const hasLists = existsSync(join(folder, listsFile));
  const unfinished = `${folder}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  try {
    const exported = await exportArtefacts(objects, unfinished, {
      ...options,
      lists: lists || hasLists,
    });
    rmSync(folder, { recursive: true, force: true });
    renameSync(unfinished, folder);
    return exported;
  } catch (error) {
    for (const part of [folder, unfinished]) rmSync(part, { recursive: true, force: true });
    throw error;
  }
}

/** The same where there are such files: after a night, not before the first one's end. */
export async function renewFilesIfThere(objects: Objects, out: string): Promise<void> {
  if (existsSync(filesFolder(out))) await renewFiles(objects, out);
}

async function chooseKeys(objects: Objects, asked: string | undefined): Promise<string[]> {
  const champion = (await objects.getVersion(serving.champion, championPointer))?.value;
  const nights = await listNights(objects);
  const run = asked ?? nights[0]?.run;
  if (asked !== undefined && !nights.some((night) => night.run === asked)) {
    throw new MissingArtefactError(
      `There is no run ${asked}: \`npx lea runs\` lists those that are kept.`,
    );
  }
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
