import { readStoredRows, storedItem } from '#lib/interactions/stored-rows.ts';
import { gunzipped } from '#platform/gzip.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Reads the item ids of a catalogue and keeps them while the function is warm. The catalogue's parts never change
 * under their keys, so the same keys mean the same items.
 */
export function createKnownItems(objects: Objects) {
  let cached: { readonly name: string; readonly ids: ReadonlySet<string> } | undefined;

  return async (keys: readonly string[]): Promise<ReadonlySet<string> | undefined> => {
    if (keys.length === 0) return undefined;
    const name = keys.join('\n');
    if (cached?.name === name) return cached.ids;
    const ids = new Set<string>();
    for (const key of keys) {
      const stream = gunzipped(await objects.getStream(key), key);
      for await (const rows of readStoredRows(stream, storedItem, key)) {
        for (const { item_id } of rows) ids.add(item_id);
      }
    }
    cached = { name, ids };
    return ids;
  };
}
