import * as z from 'zod';
import { ValidationError } from '#lib/contracts/errors.ts';
import { uploads } from '#lib/contracts/keys.ts';
import type { VersionedObjects } from '#lib/contracts/objects.ts';
import { number, percent } from './insight.ts';
import { type UploadReport, uploadReport } from './report.ts';

/** What an upload of the catalogue changes of the items that are shown. */
export interface CatalogueChange {
  /** Items that are shown now. */
  readonly known: number;
  /** Those whose title would be another one. */
  readonly renamed: number;
  /** Those that would not be shown any more. */
  readonly left: number;
}

/** A share of fewer items than these says little. */
const fewestItems = 20;

/** `uploads/<upload>/approval.json`: somebody has looked at a large change, and wants it. */
const uploadApproval = z.strictObject({
  schemaVersion: z.literal(1),
  upload: z.string().min(1),
  approvedAt: z.iso.datetime(),
});

/** Whether a change is so large that somebody has to say that it is meant. @param most share, 0-1; 1 lets everything pass */
export function needsApproval({ known, renamed, left }: CatalogueChange, most: number): boolean {
  return known >= fewestItems && (renamed + left) / known > most;
}

/** The report of an upload that could be used, and waits. */
export function waitingReport(
  report: UploadReport,
  { known, renamed, left }: CatalogueChange,
  most: number,
): UploadReport {
  const share = percent((renamed + left) / known);
  return {
    ...report,
    status: 'waiting',
    message:
      `${report.file} changes ${share} of the ${number(known)} items that are known (${number(renamed)} titles; ${number(left)} items leave), more ` +
      `than the ${percent(most)} that interactions.maximumCatalogueChange allows. Nothing of it is used until it is approved: ` +
      `npx lea approve --upload ${report.upload} with --bucket NAME or --out DIR. If it is a mistake, upload the right file instead.`,
  };
}

/**
 * Approves an upload that waits; what is approved already stays so.
 *
 * @returns whether this call did it
 * @throws ValidationError when there is no such upload, or it does not wait
 */
export async function approveUpload(
  objects: Pick<VersionedObjects, 'getVersion' | 'putIfAbsent'>,
  upload: string,
  now: Date,
): Promise<boolean> {
  const report = await objects.getVersion(uploads.report(upload), uploadReport);
  if (report === undefined) {
    throw new ValidationError(
      `There is no report of an upload ${upload} (${uploads.report(upload)}). \`npx lea status\` lists the newest uploads.`,
    );
  }
  const { status, file } = report.value;
  if (status !== 'waiting') {
    throw new ValidationError(
      `${file} does not wait for approval: its upload ${upload} ${status === 'succeeded' ? 'is used' : status}.`,
    );
  }
  const approval = { schemaVersion: 1, upload, approvedAt: now.toISOString() };
  const text = JSON.stringify(uploadApproval.parse(approval));
  return objects.putIfAbsent(uploads.approval(upload), text);
}
