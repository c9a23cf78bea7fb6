import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { parseCsvHeader } from '#lib/interactions/file-rows.ts';
import type { PlannedRange, UploadKind, UploadPlan } from '#lib/interactions/plan.ts';
import { createRangePlanner, readFirstRecord } from '#lib/interactions/range-planner.ts';
import { interactionFields, requiredFields } from '#lib/interactions/rows.ts';
import { gunzipped } from '#platform/gzip.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import { fromServiceError } from '#platform/service-errors.ts';

/** What looking through a file tells about how to read it. */
export type Scan = Pick<UploadPlan, 'compressed' | 'columns' | 'ranges'>;

/** Beginnings of files that cannot be JSON lines or CSV in UTF-8, and what to do about them. */
const foreign: readonly (readonly [string, string])[] = [
  ['fffe', 'is UTF-16 text. Save it as UTF-8.'],
  ['feff', 'is UTF-16 text. Save it as UTF-8.'],
  ['504b0304', 'is a zip archive. Compress with gzip, or not at all.'],
  ['50415231', 'is a Parquet file. Write it as JSON lines or CSV.'],
  ['28b52ffd', 'is compressed with Zstandard. Compress with gzip, or not at all.'],
  ['425a68', 'is compressed with bzip2. Compress with gzip, or not at all.'],
];
const GZIP = '1f8b';

/**
 * Looks through an uploaded file: where it can be cut, and what its columns are. The content says whether it is
 * gzipped, not the name.
 *
 * @throws ValidationError when the file cannot be read; its message is for the team
 */
export async function scanFile(
  objects: Objects,
  file: ObjectSummary,
  kind: UploadKind,
  format: 'jsonl' | 'csv',
  config: InteractionsConfig,
  signal?: AbortSignal,
): Promise<Scan> {
  const { key, bytes, etag } = file;
  const version = { etag, ...(signal && { signal }) };
  const range = { start: 0, end: Math.min(bytes, 4) };
  const begin = Buffer.from(await objects.getBytes(key, { ...version, range })).toString('hex');
  const other = foreign.find(([magic]) => begin.startsWith(magic));
  if (other) throw new ValidationError(`${key} ${other[1]}`);

  const compressed = begin.startsWith(GZIP);
  const limit = compressed ? config.maximumCompressedBytes : config.maximumUploadBytes;
  if (bytes > limit) throw new ValidationError(tooLarge(key, bytes, limit, compressed));
  const stream = await objects.getStream(key, version);
  const options = { ...config, quotes: format === 'csv' };
  let first: Buffer | undefined;
  let ranges: PlannedRange[] = [{ start: 0, end: bytes, firstLine: 1 }];
  if (compressed) {
    first = await readFirstRecord(gunzipped(stream, key), options);
  } else {
    const planner = createRangePlanner(options);
    try {
      for await (const chunk of stream) planner.push(chunk);
    } catch (error) {
      throw fromServiceError(error, `reading ${key}`);
    }
    ({ ranges, firstRecord: first } = planner.end());
  }
  if (first === undefined) throw new ValidationError(`${key} has no rows. Upload it with some.`);
  const columns = format === 'csv' ? checkHeader(key, kind, first.toString('utf8')) : null;
  return { compressed, columns, ranges };
}

function tooLarge(key: string, bytes: number, limit: number, compressed: boolean): string {
  const size = (n: number) => `${Math.ceil(n / 1024 ** 2).toLocaleString('en-US')} MiB`;
  return compressed
    ? `${key} has ${size(bytes)} gzipped; at most ${size(limit)} are read, because a gzipped file cannot be cut. Split it, or upload it uncompressed.`
    : `${key} has ${size(bytes)}; at most ${size(limit)} are read. Split it into several files.`;
}

function checkHeader(key: string, kind: UploadKind, header: string): string[] {
  const required = requiredFields[kind];
  const columns = parseCsvHeader(header, kind === 'logs' ? interactionFields : required);
  const missing = required.filter((name) => !columns.includes(name));
  if (missing.length > 0) {
    const separator = columns.length === 1 && /[;\t|]/.test(header) ? ' Separate by commas.' : '';
    throw new ValidationError(
      `The header line of ${key} has no ${missing.join(', ')}; it needs ${required.join(', ')}.${separator}`,
    );
  }
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ValidationError(
      `The header line of ${key} names the column "${twice}" twice; names must differ.`,
    );
  }
  return columns;
}
