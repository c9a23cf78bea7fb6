import { runs, serving } from '#lib/contracts/keys.ts';
import { gzipped } from '#lib/interactions/packing.ts';
import { decodeAllItems, decodeRecentHistories } from '#lib/sequences/everybody-files.ts';
import { loadCounts, loadRecommender } from '#lib/serving/champion-model.ts';
import { listLine, listsOf, type UserList } from '#lib/serving/lists.ts';
import type { Objects } from '#platform/objects.ts';
import type { PartMessage } from './messages.ts';

/** Histories that are scored at once. */
const historiesAtOnce = 64;

/**
 * Recommends to one share of everybody and writes a line for each: `{user_id, items: [{item_id, score}], source}`.
 * Doing it again writes the same object.
 *
 * @param count items per user
 * @returns the number of users
 */
export async function recommendPart(
  objects: Objects,
  { run, champion, batch, part }: PartMessage,
  count: number,
): Promise<number> {
  const items = decodeAllItems(await objects.getBytes(runs.allItems(run)));
  const histories = decodeRecentHistories(await objects.getBytes(runs.recentHistories(run, part)));
  const counts = await loadCounts(objects);
  const options = { batch: historiesAtOnce, counts };
  const recommender = await loadRecommender(objects, champion, options);
  // As of the counts, not of now: the same lists when it is done again.
  const time = counts?.counts.asOf;
  try {
    const lists = listsOf(recommender, histories, items, { count, time });
    await objects.putStream(serving.recommendationsPart(run, batch, part), gzipped(lines(lists)));
  } finally {
    recommender.dispose();
  }
  return histories.users.length;
}

function* lines(lists: Iterable<readonly UserList[]>): Generator<string> {
  for (const some of lists) yield some.map(listLine).join('');
}
