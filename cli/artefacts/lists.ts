import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runs } from '#lib/contracts/keys.ts';
import { gzipped } from '#lib/interactions/packing.ts';
import { decodeRecentHistories, everybodyManifest } from '#lib/sequences/everybody-files.ts';
import { listHeader, listLine, listRows, listsOf } from '#lib/serving/lists.ts';
import type { Objects } from '#platform/objects.ts';
import { kernelFolder } from '../serve/kernel-folder.ts';
import { openInService } from './recommendation.ts';

/** Histories that are scored at once. */
const historiesAtOnce = 64;

/** CSV has a row for every user and place, JSON lines are those of the batch on AWS. */
export interface ListFormat {
  readonly isCsv: boolean;
  readonly isGzipped: boolean;
}

export interface AllListsOptions {
  readonly format: ListFormat;
  /** Items of a list. */
  readonly count: number;
  /** As of when, Unix seconds; the time of the newest action that was counted, if nothing is said. */
  readonly time?: number | undefined;
  /** Told how many users have their list, of how many. */
  readonly onUsers?: ((users: number, all: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes a list for every user that the newest night has met, by WebAssembly, as `lea serve` and AWS make lists. Nobody finds a
 * part of the file.
 *
 * @returns the number of users
 */
export async function writeAllLists(
  objects: Objects,
  file: string,
  { format, count, time, onUsers = () => {}, signal }: AllListsOptions,
): Promise<number> {
  const { isCsv, isGzipped } = format;
  const wasmFolder = kernelFolder();
  const inService = await openInService(objects, { batch: historiesAtOnce, wasmFolder });
  const { model, countedUntil, directory } = inService;
  let users = 0;
  async function* text() {
    if (isCsv) yield listHeader;
    const { run, items, titleOf } = directory;
    const manifest = await objects.getJson(runs.everybodyManifest(run), everybodyManifest);
    for (let part = 0; part < manifest.parts; part++) {
      const bytes = await objects.getBytes(runs.recentHistories(run, part));
      const histories = decodeRecentHistories(bytes);
      const options = { count, time: time ?? countedUntil };
      for (const lists of listsOf(model, histories, items, options)) {
        users += lists.length;
        onUsers(users, manifest.users);
        yield lists.map((list) => (isCsv ? listRows(list, titleOf) : listLine(list))).join('');
      }
    }
  }
  const unfinished = `${file}.unfinished`;
  try {
    const content = isGzipped ? gzipped(text()) : Readable.from(text());
    await pipeline(content, createWriteStream(unfinished), { signal });
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
    model.dispose();
  }
  return users;
}
