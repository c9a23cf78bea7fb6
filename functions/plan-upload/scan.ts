import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { type Content, headBytes, inspectContent, isGzip } from '#lib/interactions/content.ts';
import type { FileFormat } from '#lib/interactions/file-rows.ts';
import { createRangePlanner } from '#lib/interactions/range-planner.ts';
import type { PlannedRange, UploadKind, UploadPlan } from '#lib/interactions/upload-plan.ts';
import { beginningOf, gunzipped } from '#platform/gzip.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';

/** What looking through a file tells about how to read it. */
export type Scan = Pick<
  UploadPlan,
  'compressed' | 'framing' | 'carriageReturns' | 'skipBytes' | 'columns' | 'ranges'
>;

/**
 * Looks through an uploaded file: how its rows are framed, where it can be cut, and what its columns are. The content
 * says whether it is gzipped, not the name.
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
  const compressed = isGzip(head);
  const limit = compressed ? config.maximumCompressedBytes : config.maximumUploadBytes;
  if (bytes > limit) throw new ValidationError(tooLarge(key, bytes, limit, compressed));
  if (compressed) {
    const content = gunzipped(await objects.getStream(key, version), key, config);
    ({ head, isWhole } = await beginningOf(content, most));
  }
  const content = inspectContent(head, isWhole, { key, kind, format });
  if (content === undefined) return undefined;
  const { firstLine, ...framing } = content;
  if (compressed) return { compressed, ...framing, ranges: [{ start: 0, end: bytes, firstLine }] };
  const whole = isWhole ? [head] : await objects.getStream(key, version);
  return { compressed, ...framing, ranges: await cut(whole, content, config, key) };
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

function tooLarge(key: string, bytes: number, limit: number, compressed: boolean): string {
  const size = (n: number) => `${Math.ceil(n / 1024 ** 2).toLocaleString('en-US')} MiB`;
  return compressed
    ? `${key} has ${size(bytes)} gzipped; at most ${size(limit)} are read, because a gzipped file cannot be cut. Split it, or upload it uncompressed.`
    : `${key} has ${size(bytes)}; at most ${size(limit)} are read. Split it into several files.`;
}
