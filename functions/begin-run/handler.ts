import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { releaseLock, takeLock } from '#lib/contracts/lock.ts';
import { nameRun } from '#lib/contracts/run.ts';
import { beginRun, expectBegun, isFinished } from './begin.ts';

const objects = dataBucket();

const event = z.strictObject({
  run: z.string().nullable(),
  scheduledTime: z.string().nullable(),
  resume: z.boolean(),
  execution: z.string(),
  resourcePrefix: z.string(),
  config: pipelineConfig,
});

/** First state of the night: names the run, takes the lock, fixes what it works on. */
export const handler = instrument(event, async (request, { logger }) => {
  const { config, execution } = request;
  const now = new Date();
  const run = nameRun(request.run, request.scheduledTime, config.operations.timeZone, now);
  if (await isFinished(objects, run)) return { run, resource: '', finished: true };
  if (request.resume) await expectBegun(objects, run);
  const maximumHours = config.operations.maximumRunHours;
  await takeLock(objects, { run, execution, now, maximumHours });
  const { attempt } = await beginRun(objects, { run, execution, now, config }).catch(
    async (error) => {
      await releaseLock(objects, execution, now);
      throw error;
    },
  );
  logger.info('run begins', { run, attempt });
  return { run, resource: `${request.resourcePrefix}-${run}-${attempt}`, finished: false };
});
