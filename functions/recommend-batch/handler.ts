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
import { lookForBatch } from './missing.ts';
import { recommendPart } from './part.ts';

const { BATCH_QUEUE_URL, COUNT } = readEnvironment({
  BATCH_QUEUE_URL: z.url(),
  COUNT: z.coerce.number().int().min(1),
});
const objects = dataBucket();
const places = { objects, queue: createSqsClient(), queueUrl: BATCH_QUEUE_URL };
const tensorflow = activateTensorflow(wasmFolder());

/** Recommends to everybody: the first message is shared out to one for every 50,000 users. */
export const handler = instrument(sqsEvent, async (event, { logger, metrics }) =>
  processMessages(event, batchMessage, logger, async (message) => {
    if (message.kind === 'check') return lookForBatch(objects, { logger, metrics });
    if (message.kind === 'plan') {
      const parts = await planBatch(places, message.run, COUNT);
      return logger.info('batch planned', { run: message.run, parts });
    }
    const { run, part } = message;
    if (await isOutdated(objects, message)) {
      return logger.warn('left out: another champion is in service by now', { run, part });
    }
    await tensorflow;
    const users = await recommendPart(objects, message, COUNT);
    const finished = await finishBatch(objects, message, COUNT, new Date());
    logger.info('recommended', { run, part, users, finished });
  }),
);
