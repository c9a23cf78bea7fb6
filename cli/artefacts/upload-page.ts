import type { UploadReport } from '#lib/interactions/report.ts';
import { comparedUploads, renderUploadPage } from '#lib/report/upload-page.ts';
import type { Objects } from '#platform/objects.ts';
import { readUploads } from './status.ts';

/** Uploads among which those of the same kind are looked for. */
const lookedAt = 10 * comparedUploads;

/** An upload's report as a page, beside the uploads of its kind before it. */
export async function uploadPage(objects: Objects, report: UploadReport): Promise<string> {
  const { reports } = await readUploads(objects, lookedAt, undefined, report.upload);
  const earlier = reports.flatMap((one) => one.report ?? []);
  return renderUploadPage(report, { earlier });
}
