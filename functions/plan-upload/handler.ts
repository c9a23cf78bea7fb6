import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { deployedConfig } from '#functions/shared/deployed-config.ts';
import { readEnvironment, variables } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { processMessages, sqsEvent } from '#functions/shared/messages.ts';
import { uploadAnnouncer } from '#functions/shared/upload-events.ts';
import { createSqsClient } from '#platform/clients.ts';
import { sendMessages } from '#platform/queues.ts';
import { objectCreated } from './object-created.ts';
import { planUpload } from './plan-upload.ts';

const { EVENT_BUS, PARSE_QUEUE_URL, PIPELINE_CONFIG } = readEnvironment({
  EVENT_BUS: variables.EVENT_BUS,
  PARSE_QUEUE_URL: variables.PARSE_QUEUE_URL,
  PIPELINE_CONFIG: deployedConfig,
});
const objects = dataBucket();
const queues = createSqsClient();
const { interactions: config, operations } = PIPELINE_CONFIG;
const rules = { config, sources: operations.inbox.sources, announce: uploadAnnouncer(EVENT_BUS) };

/** Cuts every uploaded file into ranges and asks for each of them to be parsed. */
export const handler = instrument(sqsEvent, async (event, { logger, metrics, signal }) =>
  processMessages(event, objectCreated, logger, async ({ detail }) => {
    const { key, etag } = detail.object;
    const outcome = await planUpload(objects, { ...rules, key, etag, signal, now: new Date() });
    const isFailed = outcome.state === 'unread' && outcome.report.status === 'failed';
    metrics.addMetric('UploadsFailed', MetricUnit.Count, isFailed ? 1 : 0);
    if (outcome.state === 'unread') {
      const { upload, status, message } = outcome.report;
      logger.info('upload reported', { key, upload, status, message });
    } else if (outcome.state !== 'planned') logger.info('nothing to parse', { key, ...outcome });
    if (outcome.state !== 'planned') return;
    const { upload, ranges } = outcome.plan;
    const messages = ranges.map((_, range) => ({ upload, range }));
    await sendMessages(queues, PARSE_QUEUE_URL, messages);
    logger.info('upload planned', { key, upload, ranges: ranges.length });
  }),
);
