import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { servingConfig } from '#lib/contracts/config/serving.ts';
import { expire } from './expire.ts';
import { findKept } from './stored.ts';

const { challenger } = servingConfig.shape.variants.unwrap().unwrap().shape;
const { RUN_DAYS, CHAMPIONS, CHALLENGER } = readEnvironment({
  RUN_DAYS: z.coerce.number().int().min(1),
  CHAMPIONS: z.coerce.number().int().min(1),
  CHALLENGER: z
    .string()
    .transform((text) => JSON.parse(text))
    .pipe(challenger)
    .optional(),
});
const objects = dataBucket();

/** Runs every day: deletes what old runs left, except what is served, would be served again, or is used again. */
export const handler = instrument(z.strictObject({}), async (_, { logger, metrics }) => {
  const before = new Date(Date.now() - RUN_DAYS * 24 * 3_600_000);
  const kept = await findKept(objects, CHAMPIONS, CHALLENGER);
  const expired = await expire(objects, before, kept);
  metrics.addMetric('ObjectsExpired', MetricUnit.Count, expired);
  logger.info('expired', { objects: expired, before, kept });
  return { expired };
});
