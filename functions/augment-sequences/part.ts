import { readRunConfig } from '#functions/shared/run-config.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { partNumberOf, runs } from '#lib/contracts/keys.ts';
import type { AugmentedPart } from '#lib/environment/augmentation-results.ts';
import { encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import type { EnvironmentClient } from '#lib/environment/client.ts';
import { ItemMap } from '#lib/environment/item-map.ts';
import { environmentPlan } from '#lib/environment/version.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import type { Objects } from '#platform/objects.ts';
import { type Asking, augmentShard, sampleOf } from './augment.ts';
import { earlierAnswers } from './kept.ts';

/** What all shards of a run are asked about with. */
export async function prepareAsking(
  objects: Objects,
  run: string,
  client: EnvironmentClient,
  signal: AbortSignal,
): Promise<Asking> {
  const { candidates } = (await readRunConfig(objects, run)).environment;
  const { answersOf } = await objects.getJson(runs.environmentPlan(run), environmentPlan);
  const items = ItemMap.decode(await objects.getBytes(runs.environmentItems(run), { signal }));
  const earlier =
    answersOf === null ? undefined : await earlierAnswers(objects, answersOf, items, signal);
  return { client, candidates, items, earlier };
}

/** Answers one training shard, unless its answers are there. */
export async function answerPart(
  objects: Objects,
  run: string,
  key: string,
  asking: Asking,
  signal: AbortSignal,
): Promise<AugmentedPart> {
  const part = partNumberOf(key);
  if (part === undefined) throw new ContractError(`${key} is no training shard.`);
  const shard = decodeSequenceShard(await objects.getBytes(key, { signal }));
  const target = runs.augmentedShard(run, part);
  const isThere = (await objects.head(target)) !== undefined;
  const answered = isThere ? undefined : await augmentShard(shard, asking);
  if (answered) await objects.putIfAbsent(target, encodeAugmentedShard(answered.shard));
  return {
    part,
    sequences: shard.users.length,
    transitions: shard.items.length - shard.users.length,
    reused: answered?.reused ?? null,
    hashes: sampleOf(shard, asking.items),
  };
}
