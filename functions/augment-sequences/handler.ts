import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { partNumberOf, runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import type { AugmentedPart } from '#lib/environment/augmentation-results.ts';
import { encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { ItemMap } from '#lib/environment/item-map.ts';
import { environmentPlan } from '#lib/environment/version.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import { augmentShard, sampleOf } from './augment.ts';
import { endpointClient } from './endpoint.ts';
import { earlierAnswers } from './kept.ts';

const objects = dataBucket();

const event = z.strictObject({ run: runName, endpoint: z.string(), keys: z.array(z.string()) });

/** Asks the LE about a few training shards and writes the augmented ones. A shard that is there is left alone. */
export const handler = instrument(event, async ({ run, endpoint, keys }, { logger, signal }) => {
  const { candidates } = (await readRunConfig(objects, run)).environment;
  const { answersOf } = await objects.getJson(runs.environmentPlan(run), environmentPlan);
  const items = ItemMap.decode(await objects.getBytes(runs.environmentItems(run), { signal }));
  const earlier =
    answersOf === null ? undefined : await earlierAnswers(objects, answersOf, items, signal);
  const asking = { client: endpointClient(endpoint, signal), candidates, items, earlier };
  const parts: AugmentedPart[] = [];
  for (const key of keys) {
    const part = partNumberOf(key);
    if (part === undefined) throw new ContractError(`${key} is no training shard.`);
    const shard = decodeSequenceShard(await objects.getBytes(key, { signal }));
    const transitions = shard.items.length - shard.users.length;
    const done = {
      part,
      sequences: shard.users.length,
      transitions,
      hashes: sampleOf(shard, items),
    };
    const target = runs.augmentedShard(run, part);
    const isThere = (await objects.head(target)) !== undefined;
    const answered = isThere ? undefined : await augmentShard(shard, asking);
    if (answered) await objects.putIfAbsent(target, encodeAugmentedShard(answered.shard));
    parts.push({ ...done, reused: answered?.reused ?? null });
  }
  logger.info('shards augmented', { run, parts: parts.map(({ hashes: _, ...part }) => part) });
  return { parts };
});
