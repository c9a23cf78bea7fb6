import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import {
  chooseEnvironment,
  environmentFingerprint,
  environmentRegistration,
} from '#lib/environment/version.ts';
import { pipelineConfig } from '#lib/pipeline/config.ts';
import { environments, runs } from '#lib/pipeline/keys.ts';
import { runName } from '#lib/pipeline/run.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';

const objects = dataBucket();

/** Decides whether this run needs the LE, and whether one that has been fitted before will do. */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const config = await objects.getJson(runs.config(run), pipelineConfig);
  const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const { window } = config.sequences;
  const fingerprint = environmentFingerprint(config.environment, window, itemIds);
  const latest = await objects.getVersion(environments.latest, environmentRegistration);
  const { maximumAgeDays } = config.environment;
  const chosen = chooseEnvironment(latest?.value, { run, fingerprint, maximumAgeDays }, new Date());
  const wanted = config.training.models.some((model) => model.lea !== undefined);
  const shards = await count(objects.list(runs.trainPrefix(run)));
  const augmented = wanted ? await count(objects.list(runs.augmentedPrefix(run))) : 0;
  const plan = { ...chosen, fingerprint, augmentationNeeded: wanted && augmented < shards };
  logger.info('environment planned', { run, ...plan, shards, augmented });
  await objects.putJson(runs.environmentPlan(run), plan);
  return plan;
});

async function count(entries: AsyncIterable<unknown>): Promise<number> {
  let total = 0;
  for await (const _ of entries) total++;
  return total;
}
