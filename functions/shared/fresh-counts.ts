import { ConflictError, UnavailableError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import {
  decodeFreshCounts,
  encodeFreshCounts,
  type FreshCounts,
  freshCountsFile,
} from '#lib/popularity/fresh-counts.ts';
import type { Objects } from '#platform/objects.ts';

/** Compare-and-swaps that may lose against others before the caller is to try again. */
const attempts = 20;

/**
 * Changes the counts that serving reads, by compare-and-swap.
 *
 * @param change what they become, undefined if nothing is to change; asked again whenever somebody else was faster
 * @returns whether this call changed them
 * @throws UnavailableError if somebody else was faster every time
 */
export async function changeFreshCounts(
  objects: Objects,
  change: (before: FreshCounts | undefined) => Promise<FreshCounts | undefined>,
): Promise<boolean> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const read = await objects.getVersion(serving.freshCounts, freshCountsFile);
    const after = await change(read && decodeFreshCounts(read.value));
    if (after === undefined) return false;
    const body = JSON.stringify(encodeFreshCounts(after));
    if (read === undefined) {
      if (await objects.putIfAbsent(serving.freshCounts, body)) return true;
      continue;
    }
    try {
      await objects.putIfMatch(serving.freshCounts, body, read.etag);
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new UnavailableError(
    `${serving.freshCounts} was changed by others ${attempts} times while it was being changed.`,
  );
}
