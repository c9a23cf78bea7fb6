import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { interactions, items, uploads } from '#lib/contracts/keys.ts';

/** What a team uploads: interactions, or the items that they are about. */
export type UploadKind = 'logs' | 'catalog';

/** A piece of an uploaded file that one function parses: the bytes `[start, end)`, whole records. */
export const plannedRange = z.strictObject({
  start: z.int().min(0),
  end: z.int().min(1),
  /** Line of the file with which the range begins, from 1. */
  firstLine: z.int().min(1),
});

/** How one upload is read. Everything that parsing depends on is in it, so that parsing twice gives the same. */
export const uploadPlan = z.strictObject({
  upload: z.string().min(1),
  bucket: z.string().min(1),
  key: z.string().min(1),
  etag: z.string().min(1),
  bytes: z.int().min(1),
  /** When the object came to S3, ISO 8601. */
  arrivedAt: z.iso.datetime(),
  kind: z.enum(['logs', 'catalog']),
  format: z.enum(['jsonl', 'csv']),
  /** Gzipped: one range, which is the whole file. */
  compressed: z.boolean(),
  /** Column names of a CSV file. */
  columns: z.array(z.string()).nullable(),
  ranges: z.array(plannedRange).min(1),
  /** Keys of the catalogue's parts at the time of planning: the items that are known. Empty without a catalogue. */
  catalogue: z.array(z.string()),
  settings: z.strictObject({
    maximumBadShare: z.number().min(0).max(1),
    maximumIdLength: z.int().min(1),
    maximumLineBytes: z.int().min(1024),
  }),
});

export type PlannedRange = z.infer<typeof plannedRange>;
export type UploadPlan = z.infer<typeof uploadPlan>;

/** The message that asks `parse-range` for one range of a planned upload. */
export const rangeMessage = z.strictObject({
  upload: z.string().min(1),
  range: z.int().min(0),
});

/** One version of an uploaded object. */
export interface UploadedVersion {
  readonly bucket: string;
  readonly key: string;
  readonly etag: string;
  readonly lastModified: Date;
}

/**
 * Identifies one version of one uploaded object: when it arrived (to the second, so that ids sort by arrival), then
 * a hash of bucket, key and ETag. The same event delivered twice has the same id; a file uploaded once more has
 * another one.
 */
export function uploadId(version: UploadedVersion): string {
  const identity = JSON.stringify([version.bucket, version.key, version.etag.replaceAll('"', '')]);
  const hash = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  const arrived = version.lastModified.toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${arrived}Z-${hash}`;
}

/** The key of a range's good rows. */
export function rowsKey(
  { kind, arrivedAt, upload }: Pick<UploadPlan, 'kind' | 'arrivedAt' | 'upload'>,
  range: number,
): string {
  const { part } = kind === 'logs' ? interactions : items;
  return part(arrivedAt.slice(0, 10), upload, range);
}

export function kindOf(key: string): UploadKind | undefined {
  if (key.startsWith(uploads.logsPrefix)) return 'logs';
  if (key.startsWith(uploads.catalogPrefix)) return 'catalog';
  return undefined;
}

/** True for what tools leave beside data: folder markers, `_SUCCESS`, hidden files. */
export function isMarker(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name === '' || name.startsWith('_') || name.startsWith('.');
}

/** The format that a key's ending names; undefined for an ending that we do not read. */
export function formatOf(key: string): 'jsonl' | 'csv' | undefined {
  const match = /\.(jsonl|csv)(?:\.gz)?$/i.exec(key);
  return match?.[1]?.toLowerCase() as 'jsonl' | 'csv' | undefined;
}

/** The settings that a plan carries. */
export const settingsOf = (config: InteractionsConfig): UploadPlan['settings'] => ({
  maximumBadShare: config.maximumBadShare,
  maximumIdLength: config.maximumIdLength,
  maximumLineBytes: config.maximumLineBytes,
});
