import { uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import { type UploadReport, uploadOutcome } from '#lib/interactions/report.ts';
import type { ObjectSummary, Objects } from '#platform/objects.ts';
import { mapConcurrently } from './concurrently.ts';

/** The parts below a prefix. */
export interface IngestedParts {
  /** Those of uploads that succeeded, whole uploads only, in the order of their keys. */
  readonly parts: readonly ObjectSummary[];
  /** How many more there are, of uploads that are still being read or failed. */
  readonly others: number;
}

/**
 * Lists what ingestion has written below a prefix of `keys.ts`, `interactions/` or `items/`. A part counts only if the
 * report of its upload says that it succeeded, or that it waits and somebody has approved it: that report comes after the last part, so no upload is seen by halves.
 *
 * @param known parts of uploads that were seen to have succeeded
 */
export async function listIngested(
  objects: Objects,
  prefix: string,
  known: readonly { readonly key: string }[] = [],
): Promise<IngestedParts> {
  const knownUploads = new Set(known.map(({ key }) => uploadOfPart(key)));
  const byUpload = new Map<string, ObjectSummary[]>();
  let all = 0;
  for await (const part of objects.list(prefix)) {
    all++;
    const upload = uploadOfPart(part.key);
    if (upload === undefined) continue;
    const known = byUpload.get(upload);
    if (known === undefined) byUpload.set(upload, [part]);
    else known.push(part);
  }
  const succeeded = await mapConcurrently(byUpload, async ([upload, parts]) => {
    if (knownUploads.has(upload)) return parts;
    const report = await objects.getVersion(uploads.report(upload), uploadOutcome);
    return (await counts(objects, upload, report?.value.status)) ? parts : [];
  });
  const parts = succeeded.flat();
  return { parts, others: all - parts.length };
}

async function counts(
  objects: Objects,
  upload: string,
  status: UploadReport['status'] | undefined,
): Promise<boolean> {
  if (status !== 'waiting') return status === 'succeeded';
  return (await objects.head(uploads.approval(upload))) !== undefined;
}
