import { environments, runs, vectors } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';
import { expiredOfRun, expireFolder, type Kept } from './expired.ts';

/**
 * Deletes what nobody has written to since `before`: what is large of runs, environments, and spaces of item vectors that no
 * run has read, but for what is kept. (Models have what they took from a space in their own files.)
 *
 * @returns how many objects were deleted
 */
export async function expire(objects: Objects, before: Date, kept: Kept): Promise<number> {
  let removed = 0;
  for await (const prefix of objects.folders(runs.root)) {
    removed += await expireFolder(objects, prefix, before, expiredOfRun(nameOf(prefix), kept));
  }
  for await (const prefix of objects.folders(environments.prefix)) {
    if (nameOf(prefix) === kept.environmentVersion) continue;
    removed += await expireFolder(objects, prefix, before);
  }
  const space = kept.vectors?.space;
  for await (const baseModel of objects.folders(vectors.prefix)) {
    for await (const prefix of objects.folders(baseModel)) {
      if (nameOf(baseModel) === space?.baseModel && nameOf(prefix) === space?.name) continue;
      removed += await expireFolder(objects, prefix, before);
    }
  }
  return removed;
}

/** `b` of `a/b/`. */
const nameOf = (prefix: string) => prefix.split('/').at(-2)!;
