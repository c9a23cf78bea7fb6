import { deletions } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Whether users have been forgotten since a time: weights that were fitted before may have been fitted on their rows, so nothing
 * new is to begin from them.
 */
export async function hasForgottenSince(
  objects: Pick<Objects, 'list'>,
  since: Date,
): Promise<boolean> {
  for await (const { key, lastModified } of objects.list(deletions.prefix)) {
    const [deletion = ''] = key.slice(deletions.prefix.length).split('/');
    if (key === deletions.report(deletion) && lastModified > since) return true;
  }
  return false;
}
