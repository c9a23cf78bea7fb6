import { readKnownIds } from '#functions/shared/catalogue.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Reads the item ids of a catalogue and keeps them while the function is warm. What a catalogue consists of never changes
 * under its keys, so the same keys mean the same items.
 */
export function createKnownItems(objects: Objects) {
  let cached: { readonly name: string; readonly ids: ReadonlySet<string> } | undefined;

  return async (keys: readonly string[]): Promise<ReadonlySet<string> | undefined> => {
    if (keys.length === 0) return undefined;
    const name = keys.join('\n');
    if (cached?.name !== name) cached = { name, ids: await readKnownIds(objects, keys) };
    return cached.ids;
  };
}
