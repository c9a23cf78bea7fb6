import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { sequencesStep, takeStep } from './step.ts';

const objects = dataBucket();

/** Turns the run's snapshot of interactions into vocabulary, training shards and held-out cases, alone or a step of it. */
export const handler = instrument(sequencesStep, async (step, { logger }) => {
  const done = await takeStep(objects, step);
  logger.info('sequences', { ...step, ...done });
  return done;
});
