import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { interactions, items, uploads } from '#lib/contracts/keys.ts';
import { arrivalDay, type UploadPlan } from '#lib/interactions/plan.ts';
import {
  type RangeReport,
  rangeReport,
  reportUpload,
  type UploadReport,
} from '#lib/interactions/report.ts';
import { type Objects, toJson } from '#platform/objects.ts';

/** S3 requests under way at the same time. */
const CONCURRENCY = 16;

/**
 * Reports on an upload once all its ranges are done; whoever finishes the last range gets here with all reports
 * present. The good rows become visible to runs only now, and only if the upload succeeded. Doing it twice, also
 * at the same time, changes nothing.
 *
 * @returns the report if this call wrote it; undefined while ranges are missing, or when another call was faster
 */
export async function finishUpload(
  objects: Objects,
  plan: UploadPlan,
): Promise<UploadReport | undefined> {
  const { upload, ranges } = plan;
  let done = 0;
  for await (const _ of objects.list(uploads.rangeReportPrefix(upload))) done++;
  if (done < ranges.length) return undefined;
  const reports = await mapConcurrently(ranges.keys(), (range) =>
    objects.getJson(uploads.rangeReport(upload, range), rangeReport),
  );
  const report = reportUpload(plan, reports);
  if (report.status === 'succeeded' && !(await publishRows(objects, plan, reports)))
    return undefined;
  const first = await objects.putIfAbsent(uploads.report(upload), toJson(report));
  await removeRangeRows(objects, plan);
  return first ? report : undefined;
}

/** Deletes the rows' first copies, which nobody reads any more once the upload has its report. */
export async function removeRangeRows(objects: Objects, plan: UploadPlan): Promise<void> {
  await objects.remove(plan.ranges.map((_, range) => uploads.rangeRows(plan.upload, range)));
}

/** @returns false when somebody else has published them and reported meanwhile */
async function publishRows(
  objects: Objects,
  plan: UploadPlan,
  reports: readonly RangeReport[],
): Promise<boolean> {
  const { upload, kind, arrivedAt } = plan;
  const { part } = kind === 'logs' ? interactions : items;
  const withRows = reports.filter((report) => report.tally.good > 0);
  try {
    await mapConcurrently(withRows, ({ range }) =>
      objects.copy(uploads.rangeRows(upload, range), part(arrivalDay(arrivedAt), upload, range)),
    );
    return true;
  } catch (error) {
    const reported = await objects.head(uploads.report(upload));
    if (error instanceof MissingArtefactError && reported) return false;
    throw error;
  }
}

async function mapConcurrently<T, R>(
  values: Iterable<T>,
  map: (value: T) => Promise<R>,
): Promise<R[]> {
  const all = [...values];
  const results: R[] = [];
  for (let start = 0; start < all.length; start += CONCURRENCY) {
    results.push(...(await Promise.all(all.slice(start, start + CONCURRENCY).map(map))));
  }
  return results;
}
