import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { environmentRegistration } from '#lib/environment/version.ts';
import { environments, runs, serving } from '#lib/pipeline/keys.ts';
import { championPointer, championRecord } from '#lib/promotion/champion.ts';
import { type Aged, expiredEnvironmentKeys, expiredRunKeys, type Kept } from './expired.ts';

const { RUN_DAYS } = readEnvironment({ RUN_DAYS: z.coerce.number().int().min(1) });
const objects = dataBucket();

/** Runs every day: deletes what old runs left, except what is served, would be served again, or is used again. */
export const handler = instrument(z.strictObject({}), async (_, { logger, metrics }) => {
  const before = new Date(Date.now() - RUN_DAYS * 24 * 3_600_000);
  const kept = await findKept();
  const expired = [
    ...expiredRunKeys(await collect(runs.prefix('').replace('//', '/')), before, kept),
    ...expiredEnvironmentKeys(await collect(environments.prefix), before, kept),
  ];
  await objects.remove(expired);
  metrics.addMetric('ObjectsExpired', MetricUnit.Count, expired.length);
  logger.info('expired', { objects: expired.length, before, kept });
  return { expired: expired.length };
});

async function findKept(): Promise<Kept> {
  const champion = (await objects.getVersion(serving.champion, championPointer))?.value;
  const record =
    champion &&
    (await objects.getVersion(serving.championHistory(champion.run), championRecord))?.value;
  const latest = await objects.getVersion(environments.latest, environmentRegistration);
  return {
    modelPrefixes: [champion, record?.previous].flatMap((one) => (one ? [one.prefix] : [])),
    environmentVersion: latest?.value.version,
  };
}

async function collect(prefix: string): Promise<Aged[]> {
  const found: Aged[] = [];
  for await (const { key, lastModified } of objects.list(prefix)) found.push({ key, lastModified });
  return found;
}
