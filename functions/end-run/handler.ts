import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { runs } from '#lib/contracts/keys.ts';
import { releaseLock } from '#lib/contracts/lock.ts';
import { type RunStatus, runStatus } from '#lib/contracts/run.ts';

const objects = dataBucket();

const event = z.strictObject({
  run: z.string().min(1),
  failure: z.looseObject({ Error: z.string(), Cause: z.string() }).partial().nullable(),
});

/** Last state of the night, good or bad: records how it ended and gives the lock back. */
export const handler = instrument(event, async ({ run, failure }, { logger }) => {
  const begun = await objects.getVersion(runs.status(run), runStatus);
  const now = new Date().toISOString();
  const status: RunStatus = {
    run,
    status: failure === null ? 'succeeded' : 'failed',
    startedAt: begun?.value.startedAt ?? now,
    endedAt: now,
    ...(failure !== null && { failure }),
  };
  await objects.putJson(runs.status(run), status);
  await releaseLock(objects, run);
  logger.info('run ended', { run, status: status.status, error: failure?.Error });
  return {
    run,
    status: status.status,
    message: `Run ${run} ${status.status}: ${runs.report(run)}`,
  };
});
