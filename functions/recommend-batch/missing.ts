import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Tools } from '#functions/shared/handler.ts';
import { newestSuccess } from '#functions/shared/newest-success.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';

/** Lists of older runs may have been deleted by now. */
const lookedAtMilliseconds = 24 * 3_600_000;

/** Reports whether lists are missing, for an alarm to see. */
export async function lookForBatch(
  objects: Objects,
  { logger, metrics }: Pick<Tools, 'logger' | 'metrics'>,
): Promise<void> {
  const missing = await missingBatch(objects, new Date());
  metrics.addMetric('BatchMissing', MetricUnit.Count, missing === undefined ? 0 : 1);
  if (missing !== undefined) logger.warn('lists are missing', { run: missing });
}

/**
 * The run whose lists should be there and are not: the newest that succeeded, if it ended within a day. That its batch is
 * still being made is for whoever asks again and again.
 */
export async function missingBatch(objects: Objects, now: Date): Promise<string | undefined> {
  if ((await objects.head(serving.champion)) === undefined) return undefined;
  const newest = await newestSuccess(objects);
  if (newest?.endedAt === undefined) return undefined;
  if (now.getTime() - Date.parse(newest.endedAt) > lookedAtMilliseconds) return undefined;
  const manifest = await objects.head(serving.recommendationsManifest(newest.run));
  return manifest === undefined ? newest.run : undefined;
}
