import { mapConcurrently } from '#functions/shared/concurrently.ts';
import type { AnnounceUpload } from '#functions/shared/upload-events.ts';
import { uploads } from '#lib/contracts/keys.ts';
import { rangeReport, reportUpload, type UploadReport } from '#lib/interactions/report.ts';
import { rowsKey, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { type Objects, toJson } from '#platform/objects.ts';

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
  const report = reportUpload(plan, reports);
  const isNew = (await objects.head(uploads.report(upload))) === undefined;
  if (isNew) await announce(report);
  const first = isNew && (await objects.putIfAbsent(uploads.report(upload), toJson(report)));
  if (report.status === 'failed') {
    await objects.remove(ranges.map((_, range) => rowsKey(plan, range)));
  }
  return first ? report : undefined;
}
