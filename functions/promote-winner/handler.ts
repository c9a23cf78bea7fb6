import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { requireLock } from '#lib/contracts/lock.ts';
import { runName } from '#lib/contracts/run.ts';
import { promoteWinner } from './winner.ts';

const objects = dataBucket();

const event = z.strictObject({
  run: runName,
  /** Name of the execution that is at work on the run. */
  execution: z.string().min(1),
  /** Why the winner could not be fitted on all actions; null if it could, or was not to be. */
  refitFailure: z.string().nullable(),
});

/** Makes the winner of a run the champion, unless the champion has changed since the run read it. */
export const handler = instrument(event, async ({ run, execution, refitFailure }, { logger }) => {
  await requireLock(objects, execution);
  if (refitFailure !== null)
    logger.error('the winner could not be refitted', { run, refitFailure });
  const { champion, refused } = await promoteWinner(
    objects,
    run,
    refitFailure ?? undefined,
    new Date(),
  );
  if (refused === undefined) logger.info('champion', { run, name: champion.name });
  else logger.warn('not promoted', { run, name: champion.name, refused });
  return { promoted: refused === undefined };
});
