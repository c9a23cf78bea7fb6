import { createReadStream, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { layoutOf } from '#lib/interactions/columns.ts';
import { type Compression, compressionOf } from '#lib/interactions/compression.ts';
import { headBytes, inspectContent } from '#lib/interactions/content.ts';
import type { FileFormat } from '#lib/interactions/file-rows.ts';
import { beginningOf, uncompressed } from '#lib/interactions/packing.ts';
import {
  emptyMessage,
  explainFailure,
  isUnread,
  type RangeReport,
  reportUpload,
  type UploadFacts,
  type UploadReport,
  unreadReport,
} from '#lib/interactions/report.ts';
import { createRowReader } from '#lib/interactions/row-reader.ts';
import type { Interaction, Item } from '#lib/interactions/rows.ts';
import { contentOf, type StoredFile } from '#lib/interactions/upload-content.ts';
import {
  endings,
  formatOf,
  settingsOf,
  type UploadKind,
  type UploadPlan,
} from '#lib/interactions/upload-plan.ts';

/** A file on this machine, its beginning and its content, both unpacked, whatever its name. */
export interface LocalFile {
  readonly bytes: number;
  readonly head: Uint8Array;
  /** The head is all of it. */
  readonly isWhole: boolean;
  readonly compression: Compression | null;
  content(): AsyncIterable<Uint8Array>;
}

/** @throws ValidationError when it cannot be read */
export async function openLocal(
  path: string,
  kind: UploadKind,
  format: FileFormat,
  config: InteractionsConfig,
): Promise<LocalFile> {
  try {
    const { size: bytes } = await stat(path);
    const file = storedLocally(path, bytes, config);
    const { head } = await beginningOf(file.content(null), 4);
    const compression = format === 'parquet' ? null : compressionOf(head);
    const facts = { key: path, kind, format, compression, settings: settingsOf(config) };
    const content = () => contentOf(file, facts, false);
    const begin = await beginningOf(content(), headBytes(config.maximumLineBytes));
    return { bytes, ...begin, compression, content };
  } catch (cause) {
    if (cause instanceof ValidationError) throw cause;
    throw new ValidationError(`${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function storedLocally(
  path: string,
  bytes: number,
  { maximumExpansion }: InteractionsConfig,
): StoredFile {
  // Files may be large here, but no text expands like a bomb.
  const limits = { maximumExpansion, maximumUnpackedBytes: Number.POSITIVE_INFINITY };
  return {
    content: (compression) =>
      compression === null
        ? createReadStream(path)
        : uncompressed(createReadStream(path), compression, path, limits),
    random: () => ({
      byteLength: bytes,
      async slice(start, end = bytes) {
        await using file = await open(path);
        const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
        return new Uint8Array(buffer).buffer;
      },
    }),
  };
}

/**
 * Reads a file of this machine as ingestion reads an upload, see `inspectUploadFile`.
 *
 * @returns the report that an upload would get; it has succeeded
 * @throws ValidationError with the reasons when the upload would be refused, or has no rows
 */
export async function readUploadFile<Row extends Interaction | Item>(
  ...file: Parameters<typeof inspectUploadFile<Row>>
): Promise<UploadReport> {
  const report = await inspectUploadFile(...file);
  if (isUnread(report)) throw new ValidationError(report.message);
  if (report.status === 'succeeded') return report;
  throw new ValidationError(explainFailure(report, file[0]));
}

/**
 * Plans to read a file of this machine as one range, as ingestion plans an upload.
 *
 * @returns the plan, and the bytes that it is about, unpacked
 * @throws ValidationError when it cannot be read at all, or has no rows
 */
export async function planLocal(
  path: string,
  kind: UploadKind,
  config: InteractionsConfig,
): Promise<LocalPlan> {
  const planned = await findPlan(path, kind, config);
  if (planned === undefined) throw new ValidationError(emptyMessage(path));
  return planned;
}

interface LocalPlan {
  readonly plan: UploadPlan;
  readonly content: LocalFile['content'];
}

/** The same; undefined when there are no rows. */
async function findPlan(
  path: string,
  kind: UploadKind,
  config: InteractionsConfig,
): Promise<LocalPlan | undefined> {
  const format = formatOf(path);
  if (format === undefined) {
    throw new ValidationError(
      `The name ${path} does not say what the file is: it must end in ${endings}.`,
    );
  }
  const file = await openLocal(path, kind, format, config);
  const layout = layoutOf(config, kind);
  const content = inspectContent(file.head, file.isWhole, { key: path, kind, format, layout });
  if (content === undefined) return undefined;
  const { firstLine, ...framing } = content;
  const plan: UploadPlan = {
    ...factsOf(path, kind),
    bucket: '',
    etag: '',
    format,
    compression: file.compression,
    ...framing,
    ranges: [{ start: 0, end: file.bytes, firstLine }],
    catalogue: [],
    settings: settingsOf(config),
  };
  return { plan, content: file.content };
}

const factsOf = (path: string, kind: UploadKind): UploadFacts => ({
  upload: basename(path),
  key: path,
  kind,
  arrivedAt: new Date().toISOString(),
  bytes: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
});

/**
 * Reads a file of this machine as ingestion reads an upload: the same formats, checks and reasons to refuse it. Only
 * the limits of size, which are those of functions, do not hold here.
 *
 * @param knownItems items of the catalogue; undefined without one
 * @param take gets every good row, in the order of the file
 * @returns the report that an upload would get, also of one that would be refused, or that cannot be read at all
 */
export async function inspectUploadFile<Row extends Interaction | Item>(
  path: string,
  kind: Row extends Interaction ? 'logs' : 'catalog',
  config: InteractionsConfig,
  knownItems: ReadonlySet<string> | undefined,
  take: (row: Row) => void,
): Promise<UploadReport> {
  let planned: LocalPlan | undefined;
  try {
    planned = await findPlan(path, kind as UploadKind, config);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return unreadReport(factsOf(path, kind), 'failed', error.message);
  }
  if (planned === undefined) {
    return unreadReport(factsOf(path, kind), 'succeeded', emptyMessage(path));
  }
  const { plan, content } = planned;
  const reader = createRowReader(plan, 0, knownItems, {
    good: (row) => take(row as Row),
    bad: () => true,
  });
  let failure: RangeReport['failure'] = null;
  try {
    for await (const chunk of content()) reader.push(chunk);
    reader.end();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    failure = { code: error.code, message: error.message };
  }
  const range = { upload: plan.upload, range: 0, tally: reader.tally(), failure };
  return reportUpload(plan, [{ ...range, knownItems: knownItems?.size ?? null }]);
}

/** A report's message and remarks, a line each, for a terminal. */
export const describeReport = ({ message, insights }: UploadReport): string[] => [
  message,
  ...insights.map((insight) => `${insight.message} ${insight.advice}`),
];
