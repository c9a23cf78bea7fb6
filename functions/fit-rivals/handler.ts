import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { runName } from '#lib/contracts/run.ts';
import { fitRivals } from './fit.ts';
import { rankFitted } from './rank.ts';

const objects = dataBucket();
const steps = { fit: fitRivals, rank: rankFitted };
const asked = z.strictObject({ run: runName, step: z.enum(['fit', 'rank']) });

/** Fits what rivals, and models that are joined with them, know of histories, or ranks the held-out cases with all rivals. */
export const handler = instrument(asked, async ({ run, step }, { logger }) => {
  const done = await steps[step](objects, run, await readRunConfig(objects, run));
  logger.info('rivals', { run, step, ...(done ?? { done: 'before' }) });
  return {};
});
