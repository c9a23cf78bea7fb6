import * as z from 'zod';
import { dataBucket } from '#functions/shared/data-bucket.ts';
import { instrument } from '#functions/shared/handler.ts';
import { readRenewal } from '#functions/shared/renewal.ts';
import { runs } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { renderReport } from '#lib/report/run-report.ts';
import { summarise } from '#lib/report/summary.ts';
import { gatherReport } from './gather.ts';
import { publishIndex } from './night-index.ts';

const objects = dataBucket();

const event = z.strictObject({ run: runName, startedAt: z.iso.datetime() });

/** Writes the run's report for people and its summary for scripts. */
export const handler = instrument(event, async ({ run, startedAt }, { logger }) => {
  const report = await gatherReport(objects, run, startedAt);
  const summary = summarise({
    ...report,
    seconds: (Date.now() - Date.parse(startedAt)) / 1000,
    report: runs.report(run),
    renewal: await readRenewal(objects, run),
    quarantined: report.uploads?.quarantined ?? 0,
    augmentedTransitions: report.reuse?.transitions ?? 0,
    reusedTransitions: report.reuse?.reused ?? 0,
  });
  await objects.putBytes(runs.report(run), renderReport(report));
  await objects.putJson(runs.summary(run), summary);
  await publishIndex(objects, report);
  logger.info('report published', { run, winner: summary.winner, promoted: summary.promoted });
  return { report: runs.report(run) };
});
