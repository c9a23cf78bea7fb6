import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { runName } from '#lib/contracts/run.ts';
import type { AugmentedPart } from '#lib/environment/augmentation-results.ts';
import { endpointClient } from './endpoint.ts';
import { answerPart, prepareAsking } from './part.ts';

const objects = dataBucket();

const event = z.strictObject({ run: runName, endpoint: z.string(), keys: z.array(z.string()) });

/** Asks the LE about a few training shards and writes the augmented ones. A shard that is there is left alone. */
export const handler = instrument(event, async ({ run, endpoint, keys }, { logger, signal }) => {
  const begun = performance.now();
  const client = endpointClient(endpoint, signal);
  const asking = await prepareAsking(objects, run, client, signal);
  const parts: AugmentedPart[] = [];
  for (const key of keys) parts.push(await answerPart(objects, run, key, asking, signal));
  logger.info('shards augmented', { run, parts: parts.map(({ hashes: _, ...part }) => part) });
  return { parts, milliseconds: Math.ceil(performance.now() - begun) };
});
