import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { runs } from '#lib/contracts/keys.ts';
import { lockHolder, releaseLock } from '#lib/contracts/lock.ts';
import { type RunStatus, runStatus } from '#lib/contracts/run.ts';

const objects = dataBucket();

const event = z.strictObject({
  run: z.string().min(1),
  execution: z.string().min(1),
  failure: z.looseObject({ Error: z.string(), Cause: z.string() }).partial().nullable(),
});

/** Last state of the night, good or bad: records how it ended and gives the lock back. */
export const handler = instrument(event, async ({ run, execution, failure }, { logger }) => {
  const status = failure === null ? 'succeeded' : 'failed';
  const now = new Date();
  // What another execution has taken over is the other one's to tell of; a second call has nothing left to do.
  if ((await lockHolder(objects))?.execution === execution) {
    const begun = await objects.getVersion(runs.status(run), runStatus);
    await objects.putJson(runs.status(run), {
      run,
      status,
      startedAt: begun?.value.startedAt ?? now.toISOString(),
      endedAt: now.toISOString(),
      ...(failure !== null && { failure }),
    } satisfies RunStatus);
    await releaseLock(objects, execution, now);
  }
  logger.info('run ended', { run, status, error: failure?.Error });
  return { run, status, message: `Run ${run} ${status}: ${runs.report(run)}` };
});
