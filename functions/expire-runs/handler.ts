import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { environments, runs, vectors } from '#lib/contracts/keys.ts';
import { expiredEnvironmentKeys, expiredRunKeys, expiredVectorKeys } from './expired.ts';
import { findKept, listAged } from './stored.ts';

const { RUN_DAYS, CHAMPIONS } = readEnvironment({
  RUN_DAYS: z.coerce.number().int().min(1),
  CHAMPIONS: z.coerce.number().int().min(1),
});
const objects = dataBucket();

/** Runs every day: deletes what old runs left, except what is served, would be served again, or is used again. */
export const handler = instrument(z.strictObject({}), async (_, { logger, metrics }) => {
  const before = new Date(Date.now() - RUN_DAYS * 24 * 3_600_000);
  const kept = await findKept(objects, CHAMPIONS);
  const expired = [
    ...expiredRunKeys(await listAged(objects, runs.prefix('').replace('//', '/')), before, kept),
    ...expiredEnvironmentKeys(await listAged(objects, environments.prefix), before, kept),
    ...expiredVectorKeys(await listAged(objects, vectors.prefix), before, kept),
  ];
  await objects.remove(expired);
  metrics.addMetric('ObjectsExpired', MetricUnit.Count, expired.length);
  logger.info('expired', { objects: expired.length, before, kept });
  return { expired: expired.length };
});
