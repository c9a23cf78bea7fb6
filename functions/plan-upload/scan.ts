import { storedObject } from '#functions/shared/stored-object.ts';
import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { layoutOf } from '#lib/interactions/columns.ts';
import { compressionOf } from '#lib/interactions/compression.ts';
import { type Content, headBytes, inspectContent } from '#lib/interactions/content.ts';
import type { FileFormat } from '#lib/interactions/file-rows.ts';
import { beginningOf } from '#lib/interactions/packing.ts';
import { createRangePlanner } from '#lib/interactions/range-planner.ts';
import { canBeCut, contentOf } from '#lib/interactions/upload-content.ts';
import {
  type PlannedRange,
  settingsOf,
  type UploadKind,
  type UploadPlan,
} from '#lib/interactions/upload-plan.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';

/** What looking through a file tells about how to read it. */
export type Scan = Pick<
  UploadPlan,
  'compression' | 'framing' | 'carriageReturns' | 'skipBytes' | 'columns' | 'dialect' | 'ranges'
>;

/**
 * Looks through an uploaded file: how its rows are framed, where it can be cut, and what its columns are. The content
 * says whether it is compressed, not the name.
 *
 * @returns undefined when the file has no rows
 * @throws ValidationError when the file cannot be read; its message is for the team
 */
export async function scanFile(
  objects: Objects,
  file: ObjectSummary,
  kind: UploadKind,
  format: FileFormat,
  config: InteractionsConfig,
  signal?: AbortSignal,
): Promise<Scan | undefined> {
  const { key, bytes, etag } = file;
  const version = { etag, ...(signal && { signal }) };
  const most = headBytes(config.maximumLineBytes);
  const range = { start: 0, end: Math.min(bytes, most) };
  let head: Uint8Array = await objects.getBytes(key, { ...version, range });
  let isWhole = head.byteLength === bytes;
  const compression = format === 'parquet' ? null : compressionOf(head);
  const facts = { key, kind, format, compression, settings: settingsOf(config) };
  const isCut = canBeCut(facts);
  const limit = isCut ? config.maximumUploadBytes : config.maximumCompressedBytes;
  if (bytes > limit) throw new ValidationError(tooLarge(key, bytes, limit, isCut));
  if (!isCut) {
    const content = contentOf(storedObject(objects, file, version), facts, true);
    ({ head, isWhole } = await beginningOf(content, most));
  }
  const layout = layoutOf(config, kind);
  const content = inspectContent(head, isWhole, { key, kind, format, layout });
  if (content === undefined) return undefined;
  const { firstLine, ...framing } = content;
  if (!isCut) return { compression, ...framing, ranges: [{ start: 0, end: bytes, firstLine }] };
  const whole = isWhole ? [head] : await objects.getStream(key, version);
  return { compression, ...framing, ranges: await cut(whole, content, config, key) };
}

async function cut(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  content: Content,
  config: InteractionsConfig,
  key: string,
): Promise<PlannedRange[]> {
  const planner = createRangePlanner({ ...config, ...content });
  try {
    for await (const chunk of chunks) planner.push(chunk);
    return planner.end();
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(`${key} cannot be read to its end: ${error.message}`);
  }
}

function tooLarge(key: string, bytes: number, limit: number, isCut: boolean): string {
  const size = (n: number) => `${Math.ceil(n / 1024 ** 2).toLocaleString('en-US')} MiB`;
  return isCut
    ? `${key} has ${size(bytes)}; at most ${size(limit)} (interactions.maximumUploadBytes) are read. Split it into several files.`
    : `${key} has ${size(bytes)}; at most ${size(limit)} (interactions.maximumCompressedBytes) are read of a file that cannot be cut (gzip, Zstandard, Parquet, UTF-16). Split it, or upload it as uncompressed CSV or JSON lines.`;
}
