import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { runName } from '#lib/contracts/run.ts';
import { promoteWinner } from './winner.ts';

const objects = dataBucket();

/** Makes the winner of a run the champion, unless the champion has changed since the run read it. */
export const handler = instrument(z.strictObject({ run: runName }), async ({ run }, { logger }) => {
  const { champion, refused } = await promoteWinner(objects, run, new Date());
  if (refused === undefined) logger.info('champion', { run, name: champion.name });
  else logger.warn('not promoted', { run, name: champion.name, refused });
  return { promoted: refused === undefined };
});
