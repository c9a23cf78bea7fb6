import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { processMessages, sqsEvent } from '#functions/shared/messages.ts';
import { activateTensorflow } from '#lib/serving/champion-model.ts';
import { wasmFolder } from '#lib/serving/wasm-folder.ts';
import { createSqsClient } from '#platform/clients.ts';
import { finishBatch, isOutdated, planBatch } from './batch.ts';
import { batchMessage } from './messages.ts';
import { missingBatch } from './missing.ts';
import { recommendPart } from './part.ts';

const { BATCH_QUEUE_URL, COUNT } = readEnvironment({
  BATCH_QUEUE_URL: z.url(),
  COUNT: z.coerce.number().int().min(1),
});
const objects = dataBucket();
const queue = createSqsClient();
const tensorflow = activateTensorflow(wasmFolder());

/**
 * Recommends to everybody: the first message is shared out to one for every 50,000 users. And looks every hour whether the
 * last run's lists are there.
 */
export const handler = instrument(sqsEvent, async (event, { logger, metrics }) =>
  processMessages(event, batchMessage, logger, async (message) => {
    if (message.kind === 'check') {
      const missing = await missingBatch(objects, new Date());
      metrics.addMetric('BatchMissing', MetricUnit.Count, missing === undefined ? 0 : 1);
      if (missing !== undefined) logger.warn('lists are missing', { run: missing });
      return;
    }
    if (message.kind === 'plan') {
      const places = { objects, queue, queueUrl: BATCH_QUEUE_URL };
      const parts = await planBatch(places, message.run, COUNT);
      logger.info('batch planned', { run: message.run, parts });
      return;
    }
    const { run, part } = message;
    if (await isOutdated(objects, message)) {
      logger.warn('left out: another champion is in service by now', { run, part });
      return;
    }
    await tensorflow;
    const users = await recommendPart(objects, message, COUNT);
    const finished = await finishBatch(objects, message, COUNT, new Date());
    logger.info('recommended', { run, part, users, finished });
  }),
);
