import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runName } from '#lib/contracts/run.ts';
import { planVectors } from './decide.ts';

const objects = dataBucket();

/** Does the run need item vectors, and does it take a job to make them? */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const decision = await planVectors(objects, run, await readRunConfig(objects, run));
  logger.info('item vectors planned', { run, needed: decision.needed });
  return decision;
});
