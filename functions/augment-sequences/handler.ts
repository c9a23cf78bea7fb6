import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { partNumberOf, runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { encodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { decodeEnvironmentResponse, encodeEnvironmentRequest } from '#lib/environment/client.ts';
import { decodeSequenceShard } from '#lib/sequences/shard.ts';
import { endpointClient } from './endpoint.ts';

const objects = dataBucket();

const event = z.strictObject({ run: runName, endpoint: z.string(), keys: z.array(z.string()) });

/** Asks the LE about a few training shards and writes the augmented ones. A shard that is there is left alone. */
export const handler = instrument(event, async ({ run, endpoint, keys }, { logger, signal }) => {
  const { candidates } = (await readRunConfig(objects, run)).environment;
  const client = endpointClient(endpoint, signal);
  const parts: { part: number; sequences: number; transitions: number }[] = [];
  for (const key of keys) {
    const part = partNumberOf(key);
    if (part === undefined) throw new ContractError(`${key} is no training shard.`);
    const shard = decodeSequenceShard(await objects.getBytes(key, { signal }));
    const sequences = shard.users.length;
    parts.push({ part, sequences, transitions: shard.items.length - sequences });
    const target = runs.augmentedShard(run, part);
    if ((await objects.head(target)) !== undefined) continue;
    const response = await client.augment(encodeEnvironmentRequest(shard, candidates));
    const augmented = decodeEnvironmentResponse(response, shard, { candidates });
    await objects.putIfAbsent(target, encodeAugmentedShard(augmented));
  }
  logger.info('shards augmented', { run, parts });
  return { parts };
});
