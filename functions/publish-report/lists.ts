import { type Champion, championPointer, runChampion } from '#lib/contracts/champion.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import type { ShownLists } from '#lib/report/sections/lists.ts';
import type { Served } from '#lib/report/summary.ts';
import type { AllItems, RecentHistories } from '#lib/sequences/everybody.ts';
import {
  decodeAllItems,
  decodeRecentHistories,
  everybodyManifest,
} from '#lib/sequences/everybody-files.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import { activateTensorflow, loadCounts, loadRecommender } from '#lib/serving/champion-model.ts';
import { knownUser } from '#lib/serving/known-user.ts';
import type { Recommender } from '#lib/serving/recommender.ts';
import type { Objects } from '#platform/objects.ts';

/** Users whose lists are shown, and how long these are. */
const usersShown = 10;
const listLength = 5;
/** Of each history, its newest items. */
const historyShown = 4;

/** What is served from now on, and some lists of it beside those from before. */
export interface InService {
  readonly lists: ShownLists;
  readonly served: Served;
}

/**
 * Asks the champion before this run and the one after it for lists.
 *
 * @returns undefined while nothing is in service
 */
export async function gatherLists(objects: Objects, run: string): Promise<InService | undefined> {
  const after = (await objects.getVersion(serving.champion, championPointer))?.value;
  if (after === undefined) return undefined;
  const { inService, unusable } = await objects.getJson(runs.champion(run), runChampion);
  const before = unusable === null && inService !== null && !isSame(inService, after) && inService;
  const { users, listedItems } = await objects.getJson(
    runs.everybodyManifest(run),
    everybodyManifest,
  );
  const items = decodeAllItems(await objects.getBytes(runs.allItems(run)));
  const histories = decodeRecentHistories(await objects.getBytes(runs.recentHistories(run, 0)));
  await activateTensorflow(undefined);
  const rows = chooseRows(histories);
  const [current, shown] = await ask(objects, after, histories, items, rows);
  const earlier = before ? (await ask(objects, before, histories, items, rows))[0] : undefined;
  return {
    served: {
      users,
      knownUsers: users,
      items: Math.min(shown, listedItems),
      knownItems: listedItems,
    },
    lists: {
      before: before ? nameOf(before) : undefined,
      after: nameOf(after),
      users: rows.map((row, at) => ({
        history: titlesOf(histories, items, row).slice(-historyShown),
        before: earlier?.[at],
        after: current[at]!,
      })),
    },
  };
}

const isSame = (a: Champion, b: Champion) => a.run === b.run && a.name === b.name;
const nameOf = ({ name, run }: Champion) => `${name} of run ${run}`;

/** The same users whenever it is asked, and no choice of flattering ones. */
function chooseRows({ users }: RecentHistories): number[] {
  return users
    .map((user, row) => ({ row, order: hash32(user, 3) }))
    .sort((a, b) => a.order - b.order)
    .slice(0, usersShown)
    .map(({ row }) => row);
}

/** Titles of each list, and how many items can be shown at all. */
async function ask(
  objects: Objects,
  champion: Champion,
  histories: RecentHistories,
  items: AllItems,
  rows: readonly number[],
): Promise<[lists: string[][], items: number]> {
  const counts = await loadCounts(objects);
  const recommender: Recommender = await loadRecommender(objects, champion, { counts });
  try {
    const titles = new Map(items.itemIds.map((id, at) => [id, items.titles[at]!]));
    // As of the newest action that was counted: so a log that has ended shows what it would have shown then.
    const time = counts?.counts.asOf;
    const lists = recommender.recommendAll(
      rows.map((row) => ({ ...knownUser(histories, row, items), time })),
      listLength,
    );
    return [
      lists.map((list) => list.items.map(({ item_id }) => titles.get(item_id) ?? item_id)),
      recommender.items,
    ];
  } finally {
    recommender.dispose();
  }
}

function titlesOf({ offsets, items }: RecentHistories, { titles }: AllItems, row: number) {
  return Array.from(items.subarray(offsets[row], offsets[row + 1]), (item) => titles[item - 1]!);
}
