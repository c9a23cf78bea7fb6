import { holders } from './holders.ts';
import { holdsWord } from './lines.ts';
import type { DeletionObjects } from './objects.ts';
import { textOf } from './text.ts';

/** Where ids still stand. */
export interface Found {
  /** Objects that have rows of these users. */
  readonly rows: readonly string[];
  /** Objects in which the same characters stand as a word: of a short id most likely something else, as an item or a number. */
  readonly words: readonly string[];
}

/** Objects above this size are numbers: weights, vectors, and uploads, which are gone through row by row. */
const largestText = 256 * 1024 * 1024;

/**
 * Searches every object of a bucket, packed ones unpacked: those that have rows of users row by row, all others for the
 * characters.
 */
export async function searchEverywhere(
  objects: DeletionObjects,
  users: ReadonlySet<string>,
): Promise<{ readonly searched: number; readonly found: Found }> {
  const rows: string[] = [];
  const words: string[] = [];
  let searched = 0;
  for await (const { key, bytes: size, etag } of objects.list('')) {
    searched++;
    const holder = holders.find(({ holds }) => holds(key));
    if (holder === undefined && size > largestText) continue;
    const bytes = await objects.getBytes(key, { etag });
    if (holder !== undefined) {
      if (holder.without(bytes, users, key) !== undefined) rows.push(key);
    } else if (holdsWord(textOf(bytes), users)) words.push(key);
  }
  return { searched, found: { rows, words } };
}
