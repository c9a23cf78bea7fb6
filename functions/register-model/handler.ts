import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { runName } from '#lib/contracts/run.ts';
import { paidJob, recordJob } from './paid.ts';
import { registerEnvironment, registerRecommender, registerRefit } from './register.ts';
import { registerVectors } from './vectors.ts';

const objects = dataBucket();

const event = z.strictObject({
  run: runName,
  kind: z.enum(['environment', 'recommender', 'refit', 'vectors']),
  /** The environment's version, the recommender's name, or the fingerprint of the vectors. */
  name: z.string().min(1),
  /** S3 URI of the training job's output. */
  artefacts: z.string().startsWith('s3://'),
  /** The job that made them. */
  job: paidJob,
});

const register = {
  environment: registerEnvironment,
  recommender: registerRecommender,
  refit: registerRefit,
  vectors: registerVectors,
};

/** Moves what a training job made to its place, the manifest last, so that a manifest means a complete model. */
export const handler = instrument(
  event,
  async ({ run, kind, name, artefacts, job }, { logger }) => {
    const prefix = await register[kind](objects, { run, name, artefacts });
    await recordJob(objects, run, kind, job);
    logger.info('model registered', { run, kind, name, prefix });
    return { prefix };
  },
);
