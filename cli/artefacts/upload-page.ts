import * as z from 'zod';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { UploadReport } from '#lib/interactions/report.ts';
import { readSortedRows } from '#lib/interactions/sorted-rows.ts';
import { rowsKey } from '#lib/interactions/upload-plan.ts';
import { comparedUploads, renderUploadPage } from '#lib/report/upload-page.ts';
import type { Objects } from '#platform/objects.ts';
import type { DataAudit } from '../data/audit.ts';
import { AuditedRows, mostRows } from '../data/audited-rows.ts';
import { listNights } from './nights.ts';
import { readUploads } from './status.ts';

/** Uploads among which those of the same kind are looked for. */
const lookedAt = 10 * comparedUploads;

/** What a run's configuration says of how rows are read and split. */
const readAsRun = z.looseObject({ interactions: interactionsConfig, sequences: sequencesConfig });

/** An upload's report as a page, beside the uploads of its kind before it, with what evaluation meets in its rows. */
export async function uploadPage(objects: Objects, report: UploadReport): Promise<string> {
  const { reports } = await readUploads(objects, lookedAt, undefined, report.upload);
  const earlier = reports.flatMap((one) => one.report ?? []);
  return renderUploadPage(report, { earlier, audit: await auditUpload(objects, report) });
}

/** Undefined for what is no log, was refused, or has more rows than are audited. */
async function auditUpload(objects: Objects, report: UploadReport): Promise<DataAudit | undefined> {
  const { kind, status, good, ranges } = report;
  if (kind !== 'logs' || status !== 'succeeded' || good > mostRows) return undefined;
  const config = await newestSettings(objects);
  const rows = new AuditedRows(config.interactions, undefined);
  for (let range = 0; range < ranges; range++) {
    const key = rowsKey(report, range);
    if ((await objects.head(key)) === undefined) continue;
    for (const row of readSortedRows(await objects.getBytes(key), key)) rows.add(row, key);
  }
  return (await rows.describe(config.sequences)).audit;
}

/** Those of the newest night; the defaults before the first. */
async function newestSettings(objects: Objects): Promise<z.output<typeof readAsRun>> {
  const run = (await listNights(objects))[0]?.run;
  const asked =
    run === undefined ? undefined : await objects.getVersion(runs.config(run), readAsRun);
  return asked?.value ?? readAsRun.parse({ interactions: {}, sequences: {} });
}
