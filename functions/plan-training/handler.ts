import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { championPointer } from '#lib/contracts/champion.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { planTraining } from './plan.ts';

const objects = dataBucket();

/** Lists the training jobs that are still to be done: the configured models, and ranking the champion's cases. */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const config = await objects.getJson(runs.config(run), pipelineConfig);
  const champion = await objects.getVersion(serving.champion, championPointer);
  const done = new Set<string>();
  for await (const { key } of objects.list(runs.modelsPrefix(run))) {
    const [name = '', file] = key.slice(runs.modelsPrefix(run).length).split('/');
    if (file === 'manifest.json') done.add(name);
  }
  const { bucket } = objects;
  const jobs = planTraining({ run, bucket, config, championPrefix: champion?.value.prefix, done });
  logger.info('training planned', { run, jobs: jobs.map((job) => job.name), done: done.size });
  return { jobs };
});
