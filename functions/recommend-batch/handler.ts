import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { readEnvironment } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { processMessages, sqsEvent } from '#functions/shared/messages.ts';
import { activateTensorflow, loadRecommender } from '#lib/serving/champion-model.ts';
import { wasmFolder } from '#lib/serving/wasm-folder.ts';
import { createSqsClient } from '#platform/clients.ts';
import { batchMessage } from './messages.ts';
import { finishBatch, recommendPart } from './part.ts';
import { planBatch } from './plan.ts';

const { BATCH_QUEUE_URL, COUNT } = readEnvironment({
  BATCH_QUEUE_URL: z.url(),
  COUNT: z.coerce.number().int().min(1),
});
const objects = dataBucket();
const queue = createSqsClient();
const tensorflow = activateTensorflow(wasmFolder());
const batch = 64;

/** Recommends to all users of a run: the first message is shared out to one for every 50,000 users. */
export const handler = instrument(sqsEvent, async (event, { logger }) =>
  processMessages(event, batchMessage, logger, async (message) => {
    if (message.kind === 'plan') {
      const parts = await planBatch({ objects, queue, queueUrl: BATCH_QUEUE_URL }, message.run);
      logger.info('batch planned', { run: message.run, parts });
      return;
    }
    await tensorflow;
    const recommender = await loadRecommender(objects, message.champion, batch);
    const users = await recommendPart(objects, recommender, message, COUNT);
    recommender.dispose();
    const finished = await finishBatch(objects, message, COUNT, new Date());
    logger.info('recommended', { run: message.run, part: message.part, users, finished });
  }),
);
