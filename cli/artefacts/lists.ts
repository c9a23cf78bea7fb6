import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { runs } from '#lib/contracts/keys.ts';
import { gzipped } from '#lib/interactions/packing.ts';
import { decodeRecentHistories, everybodyManifest } from '#lib/sequences/everybody-files.ts';
import { listLines } from '#lib/serving/lists.ts';
import type { Objects } from '#platform/objects.ts';
import { openInService } from './recommendation.ts';

/** Histories that are scored at once. */
const historiesAtOnce = 64;

/**
 * Writes a list for every user that the newest night has met, as the batch on AWS writes them: gzipped JSON lines.
 *
 * @param time as of when, Unix seconds; the time of the newest action that was counted, if nothing is said
 * @returns the number of users
 */
export async function writeAllLists(
  objects: Objects,
  file: string,
  { count, time }: { readonly count: number; readonly time?: number | undefined },
): Promise<number> {
  const { model, countedUntil, directory } = await openInService(objects, historiesAtOnce);
  const { run, items } = directory;
  let users = 0;
  async function* lines() {
    const { parts } = await objects.getJson(runs.everybodyManifest(run), everybodyManifest);
    for (let part = 0; part < parts; part++) {
      const bytes = await objects.getBytes(runs.recentHistories(run, part));
      const histories = decodeRecentHistories(bytes);
      users += histories.users.length;
      yield* listLines(model, histories, items, { count, time: time ?? countedUntil });
    }
  }
  try {
    await pipeline(gzipped(lines()), createWriteStream(file));
  } finally {
    model.dispose();
  }
  return users;
}
