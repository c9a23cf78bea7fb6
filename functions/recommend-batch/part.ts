import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { runs, serving } from '#lib/contracts/keys.ts';
import { decodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { hash32 } from '#lib/sequences/hash.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import type { Recommender } from '#lib/serving/recommender.ts';
import type { Objects } from '#platform/objects.ts';
import { Histories } from './histories.ts';
import type { PartMessage, recommendationsManifest } from './messages.ts';

/** Users that one message is worth. */
const usersPerPart = 50_000;
/** Users whose lists are made in one go; a line of output each. */
const usersAtOnce = 256;

/** How many messages the users of a run are shared out to. */
export async function countParts(objects: Objects, run: string): Promise<number> {
  const { users } = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  return Math.max(1, Math.ceil(users / usersPerPart));
}

/**
 * Recommends to one share of a run's users and writes a line for each: `{user_id, items: [{item_id, score}], source}`.
 * Doing it again writes the same object.
 *
 * @param count items a user
 * @returns the number of users
 */
export async function recommendPart(
  objects: Objects,
  recommender: Recommender,
  { run, part, parts }: PartMessage,
  count: number,
): Promise<number> {
  const { window } = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const histories = new Histories(window, (user) => hash32(user, 0) % parts === part);
  for await (const { key } of objects.list(runs.trainPrefix(run))) {
    histories.addShard(decodeSequenceShard(await objects.getBytes(key)));
  }
  for (const split of ['validation', 'test'] as const) {
    const bytes = await objects.getBytes(runs.evaluationCases(run, split));
    histories.addCases(split, decodeEvaluationCases(bytes));
  }
  let users = 0;
  function* lines() {
    for (const chunk of chunksOf(histories.entries(), usersAtOnce)) {
      const asked = chunk.map(([, items]) => Array.from(items, (item) => itemIds[item - 1]!));
      const lists = recommender.recommendAll(asked, count);
      users += chunk.length;
      yield chunk
        .map(([user_id], index) => {
          const { items, source } = lists[index]!;
          return `${JSON.stringify({ user_id, items, source })}\n`;
        })
        .join('');
    }
  }
  const compressed = Readable.from(lines()).pipe(createGzip());
  await objects.putStream(serving.recommendationsPart(run, part), compressed);
  return users;
}

/** Writes the manifest if all parts are there; whoever finishes last does. */
export async function finishBatch(
  objects: Objects,
  { run, champion, parts }: PartMessage,
  count: number,
  now: Date,
): Promise<boolean> {
  let written = 0;
  for await (const { key } of objects.list(serving.recommendationsPrefix(run))) {
    if (/\/part-\d+\.jsonl\.gz$/.test(key)) written++;
  }
  if (written < parts) return false;
  await objects.putJson(serving.recommendationsManifest(run), {
    schemaVersion: 1,
    run,
    champion,
    parts,
    count,
    createdAt: now.toISOString(),
  } satisfies (typeof recommendationsManifest)['_output']);
  return true;
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
