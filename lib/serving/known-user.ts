import { runs } from '#lib/contracts/keys.ts';
import type { ReadableObjects } from '#lib/contracts/objects.ts';
import type { AllItems, RecentHistories } from '#lib/sequences/everybody.ts';
import { decodeRecentHistories, everybodyManifest } from '#lib/sequences/everybody-files.ts';
import type { Asked } from './recommender.ts';

/** What a night knows of one user, in item ids. */
export type KnownUser = Asked & Required<Pick<Asked, 'earlier' | 'historyTimes'>>;

/** What the row of a user says. */
export function knownUser(
  histories: RecentHistories,
  row: number,
  { itemIds }: AllItems,
): KnownUser {
  const { offsets, items, times, earlierOffsets, earlierItems } = histories;
  const begin = offsets[row]!;
  const end = offsets[row + 1]!;
  const idOf = (item: number) => itemIds[item - 1]!;
  return {
    history: Array.from(items.subarray(begin, end), idOf),
    historyTimes: [...times.subarray(begin, end)],
    earlier: Array.from(earlierItems.subarray(earlierOffsets[row], earlierOffsets[row + 1]), idOf),
  };
}

/**
 * Finds a user among everybody that a run knew. The files are in order of the users' ids, so few of them are read.
 *
 * @returns undefined when the run knew nobody of that id
 * @throws MissingArtefactError when the run's files are gone or were never written
 */
export async function findUser(
  objects: ReadableObjects,
  run: string,
  user: string,
  items: AllItems,
): Promise<KnownUser | undefined> {
  const { parts } = await objects.getJson(runs.everybodyManifest(run), everybodyManifest);
  let low = 0;
  let high = parts;
  while (low < high) {
    const part = (low + high) >>> 1;
    const histories = decodeRecentHistories(
      await objects.getBytes(runs.recentHistories(run, part)),
    );
    const { users } = histories;
    const row = users.indexOf(user);
    if (row >= 0) return knownUser(histories, row, items);
    if (user < users[0]!) high = part;
    else if (user > users.at(-1)!) low = part + 1;
    else return undefined;
  }
  return undefined;
}
