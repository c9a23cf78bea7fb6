import { ConflictError, UnavailableError } from '#lib/contracts/errors.ts';
import { serving } from '#lib/contracts/keys.ts';
import type { RunManifest } from '#lib/contracts/run.ts';
import { type EverybodyLatest, everybodyLatest } from '#lib/sequences/everybody-files.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';

/** Compare-and-swaps that may lose against others before the caller is to try again. */
const attempts = 5;

/**
 * Lets serving read users and items of this run, unless a run with a newer snapshot has been before.
 *
 * @returns whether this call did
 * @throws UnavailableError if somebody else was faster every time
 */
export async function pointTo(
  objects: Objects,
  { run, createdAt }: Pick<RunManifest, 'run' | 'createdAt'>,
): Promise<boolean> {
  const body = toJson({ run, snapshotAt: createdAt } satisfies EverybodyLatest);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = await objects.getVersion(serving.everybody, everybodyLatest);
    if (before === undefined) {
      if (await objects.putIfAbsent(serving.everybody, body)) return true;
      continue;
    }
    if (before.value.snapshotAt >= createdAt) return false;
    try {
      await objects.putIfMatch(serving.everybody, body, before.etag);
      return true;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new UnavailableError(
    `${serving.everybody} was changed by others ${attempts} times while it was being changed.`,
  );
}
