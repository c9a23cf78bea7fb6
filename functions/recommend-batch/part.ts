import { runs, serving } from '#lib/contracts/keys.ts';
import { decodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { hash32 } from '#lib/sequences/hash.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import { loadRecommender } from '#lib/serving/champion-model.ts';
import type { Recommender } from '#lib/serving/recommender.ts';
import { gzipped } from '#platform/gzip.ts';
import type { Objects } from '#platform/objects.ts';
import { Histories } from './histories.ts';
import type { PartMessage } from './messages.ts';

/** Users whose lists are made in one go; a line of output each. */
const usersAtOnce = 256;
/** Histories that are scored at once. */
const historiesAtOnce = 64;

/**
 * Recommends to one share of a run's users and writes a line for each: `{user_id, items: [{item_id, score}], source}`.
 * Doing it again writes the same object.
 *
 * @param count items per user
 * @returns the number of users
 */
export async function recommendPart(
  objects: Objects,
  { run, champion, batch, part, parts }: PartMessage,
  count: number,
): Promise<number> {
  const histories = await readHistories(objects, run, (user) => hash32(user, 0) % parts === part);
  const recommender = await loadRecommender(objects, champion, historiesAtOnce);
  try {
    const lines = gzipped(linesOf(recommender, histories, count));
    await objects.putStream(serving.recommendationsPart(run, batch, part), lines);
  } finally {
    recommender.dispose();
  }
  return histories.size;
}

/** Item ids of the newest actions, oldest first, by user. */
async function readHistories(
  objects: Objects,
  run: string,
  isWanted: (user: string) => boolean,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { window } = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const histories = new Histories(window, isWanted);
  for await (const { key } of objects.list(runs.trainPrefix(run))) {
    histories.addShard(decodeSequenceShard(await objects.getBytes(key)));
  }
  for (const split of ['validation', 'test'] as const) {
    const bytes = await objects.getBytes(runs.evaluationCases(run, split));
    histories.addCases(split, decodeEvaluationCases(bytes));
  }
  const named = new Map<string, string[]>();
  for (const [user, items] of histories.entries()) {
    named.set(
      user,
      Array.from(items, (item) => itemIds[item - 1]!),
    );
  }
  return named;
}

function* linesOf(
  recommender: Recommender,
  histories: ReadonlyMap<string, readonly string[]>,
  count: number,
): Generator<string> {
  for (const chunk of chunksOf(histories, usersAtOnce)) {
    const lists = recommender.recommendAll(
      chunk.map(([, history]) => history),
      count,
    );
    yield chunk
      .map(([user_id], index) => {
        const { items, source } = lists[index]!;
        return `${JSON.stringify({ user_id, items, source })}\n`;
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
