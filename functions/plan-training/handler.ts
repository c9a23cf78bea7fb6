import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runName } from '#lib/contracts/run.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';
import { recordAnswers } from './answers.ts';
import { championToRank, fixChampion } from './champion.ts';
import { findDone } from './done.ts';
import { endpointUse, recordEndpoint } from './endpoint-use.ts';
import { planTraining } from './training-jobs.ts';
import { planWarmStarts } from './warm-start.ts';

const objects = dataBucket();

const event = z.strictObject({ run: runName, resource: z.string().min(1), endpoint: endpointUse });

/** Lists the training jobs that are still to be done: the configured models, and ranking the champion's cases. */
export const handler = instrument(event, async ({ run, resource, endpoint }, { logger }) => {
  const config = await readRunConfig(objects, run);
  await recordAnswers(objects, run, config);
  await recordEndpoint(objects, run, resource, endpoint);
  const { inService, unusable, isNew } = await fixChampion(objects, run);
  const done = await findDone(objects, run, config);
  // Ranks from before the champion was fixed may be of another one.
  if (isNew) done.delete(championLabel);
  if (unusable !== null) logger.error('the champion cannot be compared with', { run, unusable });
  const champion = await championToRank(objects, { inService, unusable });
  const usable = unusable === null ? (inService ?? undefined) : undefined;
  const warm = await planWarmStarts(objects, run, config, usable);
  const plan = { run, resource, bucket: objects.bucket, config, champion, warm, done };
  const jobs = planTraining(plan);
  logger.info('training planned', { run, jobs: jobs.map((job) => job.name), done: done.size });
  return { jobs };
});
