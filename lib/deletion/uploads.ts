import { Readable } from 'node:stream';
import { ValidationError } from '#lib/contracts/errors.ts';
import { deletions, uploads } from '#lib/contracts/keys.ts';
import { createColumnMapping, layoutOf } from '#lib/interactions/columns.ts';
import { decodeText } from '#lib/interactions/encoding.ts';
import { parseCsvRow, parseJsonRow } from '#lib/interactions/file-rows.ts';
import { createRowSplitter } from '#lib/interactions/framing.ts';
import { compressed, uncompressed } from '#lib/interactions/packing.ts';
import { isRejection } from '#lib/interactions/reasons.ts';
import { unreadReport } from '#lib/interactions/report.ts';
import { namedFields } from '#lib/interactions/rows.ts';
import { canBeCut, contentOf, type StoredFile } from '#lib/interactions/upload-content.ts';
import { type UploadPlan, uploadId, uploadPlan } from '#lib/interactions/upload-plan.ts';
import { holdsWord } from './lines.ts';
import type { DeletionObjects, Stored } from './objects.ts';
import { searchText } from './text.ts';

/** What became of an uploaded file. */
export interface UploadOutcome {
  readonly became: 'untouched' | 'rewritten' | 'removed';
  /** Rows that were taken out; of a file that was removed, those that were seen. */
  readonly rows: number;
}

/**
 * Takes users' rows out of an uploaded file. Lines of text are taken out one by one, everything else stays to the byte. A
 * file of another form (Parquet, UTF-16, JSON over several lines) is removed, as is one that was never read, or cannot be read
 * to its end, but has the id in it: its good rows are in `interactions/` anyway.
 *
 * @throws ConflictError when a newer version has arrived meanwhile
 */
export async function forgetInUpload(
  objects: DeletionObjects,
  file: Stored,
  users: ReadonlySet<string>,
): Promise<UploadOutcome> {
  const upload = uploadId({ bucket: objects.bucket, ...file });
  const plan = (await objects.getVersion(uploads.plan(upload), uploadPlan))?.value;
  const { rows, isWhole } = await countRows(objects, file, plan, users);
  const isByLine = plan !== undefined && isOfLines(plan);
  if (rows === 0 && (isWhole || isByLine)) return untouched;
  if (isWhole && isByLine) {
    await rewrite(objects, file, plan, users);
    return { became: 'rewritten', rows };
  }
  if (rows === 0) {
    const { holds } = await searchText(await objects.getStream(file.key, file), file.key, users);
    if (!holds) return untouched;
  }
  await objects.remove([file.key]);
  return { became: 'removed', rows };
}

/** How many rows users have in a file as far as it can be read; no row was ever taken of one that cannot be read whole. */
async function countRows(
  objects: DeletionObjects,
  file: Stored,
  plan: UploadPlan | undefined,
  users: ReadonlySet<string>,
): Promise<{ readonly rows: number; readonly isWhole: boolean }> {
  const counted = { rows: 0 };
  if (plan === undefined) return { ...counted, isWhole: false };
  try {
    for await (const _ of contentWithout(objects, file, plan, users, counted));
    return { ...counted, isWhole: true };
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return { ...counted, isWhole: false };
  }
}

/** Whether what is left of a file are the bytes that its rows were in. */
const isOfLines = (plan: UploadPlan) =>
  plan.framing !== 'objects' && canBeCut({ ...plan, compression: null });

const untouched: UploadOutcome = { became: 'untouched', rows: 0 };

/** Writes the rest over the file, in such a way that nobody takes it for a new upload. */
async function rewrite(
  objects: DeletionObjects,
  file: Stored,
  plan: UploadPlan,
  users: ReadonlySet<string>,
): Promise<void> {
  const { key } = file;
  await objects.putBytes(deletions.rewriting(key), '');
  try {
    const rest = Readable.from(contentWithout(objects, file, plan, users, { rows: 0 }));
    const body = plan.compression === null ? rest : compressed(rest, plan.compression);
    await objects.putStreamIfMatch(key, body, file.etag);
    const now = await objects.head(key);
    if (now === undefined) return;
    const upload = uploadId({ bucket: objects.bucket, ...now });
    const arrivedAt = now.lastModified.toISOString();
    const facts = { upload, key, kind: plan.kind, arrivedAt, bytes: now.bytes };
    const report = unreadReport(
      facts,
      'ignored',
      `${key} was not read: it is upload ${plan.upload} without the rows of users who were forgotten.`,
    );
    await objects.putIfAbsent(uploads.report(upload), `${JSON.stringify(report, null, 2)}\n`);
    // A deletion that comes later finds out how to read it.
    const next = { ...plan, upload, etag: now.etag, bytes: now.bytes, arrivedAt };
    const ranges = [{ ...plan.ranges[0]!, start: 0, end: now.bytes }];
    await objects.putIfAbsent(uploads.plan(upload), `${JSON.stringify({ ...next, ranges })}\n`);
  } finally {
    await objects.remove([deletions.rewriting(key)]);
  }
}

function storedFile(objects: DeletionObjects, { key, etag, bytes }: Stored): StoredFile {
  return {
    async *content(compression) {
      const stream = await objects.getStream(key, { etag });
      yield* compression === null ? stream : uncompressed(stream, compression, key);
    },
    random: () => ({
      byteLength: bytes,
      slice: async (start, end = bytes) => {
        const part = await objects.getBytes(key, { etag, range: { start, end } });
        return part.buffer.slice(part.byteOffset, part.byteOffset + part.length) as ArrayBuffer;
      },
    }),
  };
}

/** The bytes of a file's rows, uncompressed, without the rows of some users, which are counted. */
async function* contentWithout(
  objects: DeletionObjects,
  file: Stored,
  plan: UploadPlan,
  users: ReadonlySet<string>,
  counted: { rows: number },
): AsyncGenerator<Uint8Array> {
  /** Bytes that have come and of which nothing is known yet, from `begin` on. */
  let pending = Buffer.alloc(0);
  let begin = 0;
  let kept: Uint8Array[] = [];
  const pass = (until: number, isKept: boolean) => {
    if (isKept) kept.push(pending.subarray(0, until - begin));
    pending = pending.subarray(until - begin);
    begin = until;
  };
  const isOf = ownership(plan, users);
  const splitter = createRowSplitter(
    {
      framing: plan.framing,
      dialect: plan.dialect,
      carriageReturns: plan.carriageReturns,
      maximumLineBytes: plan.settings.maximumLineBytes,
      firstLine: plan.ranges[0]!.firstLine,
    },
    ({ bytes, start, end, nextOffset }) => {
      const isGone = isOf(bytes.subarray(start, end));
      if (isGone) counted.rows++;
      pass(plan.skipBytes + nextOffset, !isGone);
    },
  );
  const take = () => {
    const ready = kept;
    kept = [];
    return ready;
  };
  let left = plan.skipBytes;
  try {
    for await (const chunk of contentOf(storedFile(objects, file), plan, false)) {
      pending = Buffer.concat([pending, chunk]);
      const skipped = Math.min(left, chunk.length);
      left -= skipped;
      if (skipped > 0) pass(begin + skipped, true);
      if (skipped < chunk.length) splitter.push(chunk.subarray(skipped));
      yield* take();
    }
  } finally {
    // Damaged data may end in half a row of theirs.
    splitter.end();
  }
  pass(begin + pending.length, true);
  yield* take();
}

/** Whether a row is of one of the users, by the rules of ingestion; one that cannot be read, if it has the id as a word. */
function ownership(plan: UploadPlan, users: ReadonlySet<string>): (row: Uint8Array) => boolean {
  const layout = layoutOf(plan.settings, plan.kind);
  const mapping = createColumnMapping(plan.kind, { ...layout, leaveOut: [] });
  return (row) => {
    const text = decodeText(row, layout.file.encoding);
    const parsed =
      plan.format === 'csv'
        ? parseCsvRow(text, plan.columns ?? [], plan.dialect ?? undefined)
        : parseJsonRow(text, namedFields[plan.kind]);
    const mapped = isRejection(parsed) ? parsed : mapping.map(parsed.row, 0);
    if (mapped === undefined || isRejection(mapped)) return holdsWord(text, users);
    return users.has(String(mapped.row.user_id).trim());
  };
}
