import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { processMessages, sqsEvent } from '#functions/shared/messages.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { rangeMessage, uploadPlan } from '#lib/interactions/plan.ts';
import { finishUpload } from './finish.ts';
import { createKnownItems } from './known-items.ts';
import { parseRange } from './parse.ts';

const objects = dataBucket();
const knownItems = createKnownItems(objects);

/** Parses ranges of uploaded files; the last one of an upload also reports on the whole. */
export const handler = instrument(sqsEvent, async (event, { logger, metrics, signal }) =>
  processMessages(event, rangeMessage, logger, async ({ upload, range }) => {
    const plan = await objects.getJson(uploads.plan(upload), uploadPlan);
    if (!(await objects.head(uploads.rangeReport(upload, range)))) {
      await parseRange(objects, plan, range, await knownItems(plan.catalogue), signal);
    }
    const report = await finishUpload(objects, plan);
    if (report === undefined) return;
    const { status, read, good, quarantined, duplicate } = report;
    const outcome = status === 'succeeded' ? 'UploadsSucceeded' : 'UploadsFailed';
    metrics.addMetric(outcome, MetricUnit.Count, 1);
    metrics.addMetric('RowsRead', MetricUnit.Count, read);
    metrics.addMetric('RowsQuarantined', MetricUnit.Count, quarantined);
    logger.info('upload reported', { upload, status, read, good, quarantined, duplicate });
  }),
);
