import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { runName } from '#lib/contracts/run.ts';
import { planRefit } from './plan.ts';

const objects = dataBucket();

const event = z.strictObject({ run: runName, resource: z.string().min(1) });

/** Fits a rival that has won on all actions, or says which job does so with a model. */
export const handler = instrument(event, async ({ run, resource }, { logger }) => {
  const { job, done } = await planRefit(objects, { run, resource });
  logger.info('refit planned', { run, job: job?.name, done });
  return { job };
});
