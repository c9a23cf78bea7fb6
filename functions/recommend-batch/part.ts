import { runs, serving } from '#lib/contracts/keys.ts';
import type { AllItems, RecentHistories } from '#lib/sequences/everybody.ts';
import { decodeAllItems, decodeRecentHistories } from '#lib/sequences/everybody-files.ts';
import { loadCounts, loadRecommender } from '#lib/serving/champion-model.ts';
import type { Asked, Recommender } from '#lib/serving/recommender.ts';
import { gzipped } from '#platform/gzip.ts';
import type { Objects } from '#platform/objects.ts';
import type { PartMessage } from './messages.ts';

/** Users whose lists are made in one go; a line of output each. */
const usersAtOnce = 256;
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
  const asked = askedFor(histories, items, counts?.counts.asOf);
  try {
    const lines = gzipped(linesOf(recommender, asked, count));
    await objects.putStream(serving.recommendationsPart(run, batch, part), lines);
  } finally {
    recommender.dispose();
  }
  return histories.users.length;
}

/** What is known of each user, in item ids. */
function* askedFor(
  { users, offsets, items, times, earlierOffsets, earlierItems }: RecentHistories,
  { itemIds }: AllItems,
  time: number | undefined,
): Generator<{ readonly user: string; readonly asked: Asked }> {
  const idsOf = (indices: Int32Array, ends: Int32Array, row: number) =>
    Array.from(indices.subarray(ends[row], ends[row + 1]), (item) => itemIds[item - 1]!);
  for (const [row, user] of users.entries()) {
    const history = idsOf(items, offsets, row);
    const earlier = idsOf(earlierItems, earlierOffsets, row);
    const historyTimes = [...times.subarray(offsets[row], offsets[row + 1])];
    yield { user, asked: { history, earlier, time, historyTimes } };
  }
}

function* linesOf(
  recommender: Recommender,
  users: Iterable<{ readonly user: string; readonly asked: Asked }>,
  count: number,
): Generator<string> {
  for (const chunk of chunksOf(users, usersAtOnce)) {
    const lists = recommender.recommendAll(
      chunk.map(({ asked }) => asked),
      count,
    );
    yield chunk
      .map(({ user }, index) => {
        const { items, source } = lists[index]!;
        return `${JSON.stringify({ user_id: user, items, source })}\n`;
      })
      .join('');
  }
}

function* chunksOf<T>(values: Iterable<T>, size: number): Generator<T[]> {
  let chunk: T[] = [];
  for (const value of values) {
    chunk.push(value);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
