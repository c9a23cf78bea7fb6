import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runName } from '#lib/contracts/run.ts';
import { fitRivals } from './fit.ts';

const objects = dataBucket();

/** Fits what rivals, and models that are joined with them, know of histories. */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const fitted = await fitRivals(objects, run, await readRunConfig(objects, run));
  logger.info('rivals fitted', { run, ...(fitted ?? { done: 'before' }) });
  return {};
});
