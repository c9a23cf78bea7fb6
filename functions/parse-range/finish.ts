import { mapConcurrently } from '#functions/shared/concurrently.ts';
import type { AnnounceUpload } from '#functions/shared/upload-events.ts';
import { arrivalOf, catalogues, uploads } from '#lib/contracts/keys.ts';
import { needsApproval, waitingReport } from '#lib/interactions/approval.ts';
import { rangeReport, reportUpload, type UploadReport } from '#lib/interactions/report.ts';
import { rowsKey, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';
import { catalogueChange } from './catalogue-change.ts';

/**
 * Reports on an upload once all its ranges are done; whoever finishes the last range gets here with all reports
 * present. The report is what makes the rows of a successful upload count. The rows of a failed one are deleted, by
 * everybody who comes here, so that a repeated message leaves none behind. Doing it twice, also at the same time,
 * changes nothing.
 *
 * @returns the report if this call wrote it; undefined while ranges are missing, or when another call was faster
 */
export async function finishUpload(
  objects: Objects,
  plan: UploadPlan,
  announce: AnnounceUpload,
): Promise<UploadReport | undefined> {
  const { upload, ranges } = plan;
  let done = 0;
  for await (const _ of objects.list(uploads.rangeReportPrefix(upload))) done++;
  if (done < ranges.length) return undefined;
  const reports = await mapConcurrently(ranges.keys(), (range) =>
    objects.getJson(uploads.rangeReport(upload, range), rangeReport),
  );
  const isNew = (await objects.head(uploads.report(upload))) === undefined;
  const read = reportUpload(plan, reports);
  const report = isNew ? await withChange(objects, plan, read) : read;
  // Before the report, which makes it count: whoever looks for what is new must find it.
  const arrival = arrivalOf(rowsKey(plan, 0))!;
  if (isNew && plan.kind === 'catalog' && report.status !== 'failed') {
    await objects.putIfAbsent(catalogues.pending(arrival), '');
  }
  if (isNew) await announce(report);
  const first = isNew && (await objects.putIfAbsent(uploads.report(upload), toJson(report)));
  if (report.status === 'failed') {
    await objects.remove(ranges.map((_, range) => rowsKey(plan, range)));
    if (plan.kind === 'catalog') await objects.remove([catalogues.pending(arrival)]);
  }
  return first ? report : undefined;
}

/** A catalogue that would change much of the one there is waits until somebody approves it. */
async function withChange(
  objects: Objects,
  plan: UploadPlan,
  report: UploadReport,
): Promise<UploadReport> {
  const most = plan.settings.maximumCatalogueChange;
  if (plan.kind !== 'catalog' || report.status !== 'succeeded' || most === 1) return report;
  const change = await catalogueChange(objects, plan);
  return needsApproval(change, most) ? waitingReport(report, change, most) : report;
}
