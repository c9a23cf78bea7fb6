import { dataBucket } from '#functions/shared/data-bucket.ts';
import { deployedConfig } from '#functions/shared/deployed-config.ts';
import { readEnvironment, variables } from '#functions/shared/environment-variables.ts';
import { instrument } from '#functions/shared/handler.ts';
import { processMessages, sqsEvent } from '#functions/shared/messages.ts';
import { uploadAnnouncer } from '#functions/shared/upload-events.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { rangeMessage, uploadPlan } from '#lib/interactions/upload-plan.ts';
import { countRange, countUpload } from './count.ts';
import { finishUpload } from './finish.ts';
import { createKnownItems } from './known-items.ts';
import { measure } from './measure.ts';
import { parseRange } from './parse.ts';

const { EVENT_BUS, PIPELINE_CONFIG } = readEnvironment({
  EVENT_BUS: variables.EVENT_BUS,
  PIPELINE_CONFIG: deployedConfig,
});
const config = PIPELINE_CONFIG.interactions;
const objects = dataBucket();
const knownItems = createKnownItems(objects);
const announce = uploadAnnouncer(EVENT_BUS);

/** Parses ranges of uploaded files; the last one of an upload also reports on the whole and counts it. */
export const handler = instrument(sqsEvent, async (event, { logger, metrics, signal }) =>
  processMessages(event, rangeMessage, logger, async ({ upload, range }) => {
    const plan = await objects.getJson(uploads.plan(upload), uploadPlan);
    if (!(await objects.head(uploads.rangeReport(upload, range)))) {
      await parseRange(objects, plan, range, await knownItems(plan.catalogue), signal);
    }
    if (plan.kind === 'logs') await countRange(objects, plan, range, config);
    const report = await finishUpload(objects, plan, announce);
    await countUpload(objects, plan, config);
    if (report === undefined) return;
    measure(metrics, report);
    const { status, read, good, quarantined, duplicate } = report;
    logger.info('upload reported', { upload, status, read, good, quarantined, duplicate });
  }),
);
