import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type InteractionsConfig, interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { interactions, items, uploads } from '#lib/contracts/keys.ts';
import { compressions } from './compression.ts';
import { type FileFormat, fileFormats } from './file-rows.ts';
import { framings } from './framing.ts';

/** What a team uploads: interactions, or the items that they are about. */
export type UploadKind = 'logs' | 'catalog';

/** A piece of an uploaded file that one function parses: the bytes `[start, end)`, whole records. */
export const plannedRange = z.strictObject({
  start: z.int().min(0),
  end: z.int().min(1),
  /** Line of the file with which the range begins, from 1. */
  firstLine: z.int().min(1),
});

/** What of the configuration parsing and reporting depend on. */
const planSettings = interactionsConfig.omit({
  rangeBytes: true,
  maximumUploadBytes: true,
  maximumCompressedBytes: true,
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
  format: z.enum(fileFormats),
  /** Of the bytes as uploaded; what is compressed is one range, which is the whole file. */
  compression: z.enum(compressions).nullable(),
  /** As `Content` of `content.ts`. */
  framing: z.enum(framings),
  carriageReturns: z.boolean(),
  skipBytes: z.int().min(0),
  columns: z.array(z.string()).nullable(),
  dialect: z.strictObject({ separator: z.string().min(1), quotes: z.boolean() }).nullable(),
  ranges: z.array(plannedRange).min(1),
  /** Keys of the catalogue's parts at the time of planning: the items that are known. Empty without a catalogue. */
  catalogue: z.array(z.string()),
  settings: planSettings,
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

/**
 * Why a key is not read although it lies in the inbox: what jobs and tools leave beside data. Undefined for data.
 * A folder of a partition (`_day=1`) is none of those.
 */
export function leftoverOf(key: string): string | undefined {
  const parts = key.split('/');
  if (parts.at(-1) === '') return 'it is a folder marker';
  if (parts.some((part) => /^[._]/.test(part) && !part.includes('='))) {
    return 'its name, or that of a folder it is in, begins with _ or . as those of temporary and hidden files do';
  }
  return /(\.crc|\$folder\$)$/.test(key)
    ? 'it is a file that jobs leave beside their data'
    : undefined;
}

/** The format that a key's ending names; undefined for an ending that we do not read. */
export function formatOf(key: string): FileFormat | undefined {
  const name = key.replace(/\.(?:gz|gzip|zst|zstd)$/i, '');
  return formats.find(([ending]) => name.toLowerCase().endsWith(ending))?.[1];
}

const formats: readonly (readonly [ending: string, format: FileFormat])[] = [
  ['.jsonl', 'jsonl'],
  ['.ndjson', 'jsonl'],
  ['.json', 'jsonl'],
  ['.csv', 'csv'],
  ['.tsv', 'csv'],
  ['.psv', 'csv'],
  ['.txt', 'csv'],
  ['.dat', 'csv'],
  ['.parquet', 'parquet'],
];

/** The endings of names that are read. */
export const endings = `${formats.map(([ending]) => ending).join(', ')}, with .gz or .zst behind it if compressed`;

/** The settings that a plan carries. */
export const settingsOf = (config: InteractionsConfig): UploadPlan['settings'] =>
  planSettings.strip().parse(config);
