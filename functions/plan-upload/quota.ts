import type { InboxSource } from '#lib/contracts/config/inbox.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { quotas, uploads } from '#lib/contracts/keys.ts';
import type { UploadFacts } from '#lib/interactions/report.ts';
import type { Objects } from '#platform/objects.ts';

const MEBIBYTE = 1024 * 1024;

/**
 * Counts an upload towards its source's quota of the day that it arrived on. Each upload of the day has an object whose
 * name says how many bytes it has; a refused one counts no more.
 *
 * @throws ValidationError when it and the others of the day are more than the source may upload
 */
export async function expectWithinQuota(
  objects: Objects,
  sources: readonly InboxSource[],
  { upload, key, kind, arrivedAt, bytes }: UploadFacts,
): Promise<void> {
  const source = sources.find(({ name }) => key.startsWith(uploads.sourcePrefix(kind, name)));
  if (source === undefined) return;
  const day = arrivedAt.slice(0, 10);
  await objects.putIfAbsent(quotas.entry(source.name, day, upload, bytes), '');
  let total = 0;
  for await (const entry of objects.list(quotas.dayPrefix(source.name, day))) {
    total += quotas.bytesOf(entry.key);
  }
  if (total <= source.maximumBytesPerDay) return;
  await objects.remove([quotas.entry(source.name, day, upload, bytes)]);
  const mebibytes = (value: number) => Math.ceil(value / MEBIBYTE).toLocaleString('en-US');
  throw new ValidationError(
    `With ${key}, ${source.name} would have uploaded ${mebibytes(total)} MiB on ${day} (UTC), and may upload ${mebibytes(source.maximumBytesPerDay)} MiB on a day. Upload it again on another day, or have operations.inbox.sources raise maximumBytesPerDay.`,
  );
}
