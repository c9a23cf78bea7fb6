import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { pipelineConfig } from '#lib/contracts/config.ts';
import { attemptResources } from '#lib/contracts/job-name.ts';
import { nameRun } from '#lib/contracts/run.ts';
import { beginAlone, expectBegun, isFinished } from './begin.ts';
import { accountOf, expectReady } from './preflight.ts';

const objects = dataBucket();
const account = accountOf(process.env);

const event = z.strictObject({
  run: z.string().nullable(),
  scheduledTime: z.string().nullable(),
  resume: z.boolean(),
  execution: z.string(),
  /** The deployment's name. */
  deployment: z.string(),
  config: pipelineConfig,
});

/** First state of the night: names the run, takes the lock, fixes what it works on. */
export const handler = instrument(event, async (request, { logger }) => {
  const { config, execution, resume } = request;
  const now = new Date();
  const run = nameRun(request.run, request.scheduledTime, config.operations.timeZone, now);
  const nothing = { run, resource: '', finished: false, unchangedSince: null };
  if (await isFinished(objects, run)) return { ...nothing, finished: true };
  if (resume) await expectBegun(objects, run);
  logger.info('checked', {
    findings: await expectReady(objects, config, request.deployment, account),
  });
  const isRoutine = request.run === null && !resume;
  const begun = await beginAlone(objects, { run, execution, now, config, isRoutine });
  logger.info('run begins', { run, ...begun });
  if ('unchangedSince' in begun) return { ...nothing, ...begun };
  return { ...nothing, resource: attemptResources(request.deployment, run, begun.attempt) };
});
