import { holders, restWithout } from './holders.ts';
import type { DeletionObjects } from './objects.ts';
import { Seen } from './progress.ts';
import { searchText } from './text.ts';

/** Where ids still stand. */
export interface Found {
  /** Objects that have rows of these users. */
  readonly rows: readonly string[];
  /** Objects in which the same characters stand as a word: of a short id most likely something else, as an item or a number. */
  readonly words: readonly string[];
  /** Objects that are damaged or packed in another way than gzip and Zstandard, and were searched as far as they can be read. */
  readonly damaged: readonly string[];
}

/** Objects above this size are numbers: weights, vectors, and uploads, which are gone through row by row. */
const largestText = 256 * 1024 * 1024;

export interface SearchOptions {
  /** A key that is left out. */
  readonly except?: string | undefined;
  /** Objects that need no look any more; those without a finding are added. */
  readonly searched?: Seen;
  /** Told before every object. */
  readonly onObject?: () => void;
}

/**
 * Searches every object of a bucket, packed ones unpacked: those that have rows of users row by row, all others for the
 * characters.
 */
export async function searchEverywhere(
  objects: DeletionObjects,
  users: ReadonlySet<string>,
  { except, searched = new Seen(), onObject }: SearchOptions = {},
): Promise<{ readonly searched: number; readonly found: Found }> {
  const rows: string[] = [];
  const words: string[] = [];
  const damaged: string[] = [];
  let all = 0;
  for await (const file of objects.list('')) {
    const { key, bytes: size, etag } = file;
    if (key === except) continue;
    onObject?.();
    all++;
    const holder = holders.find(({ holds }) => holds(key));
    if (searched.has(file) || (holder === undefined && size > largestText)) continue;
    if (holder !== undefined) {
      const bytes = await objects.getBytes(key, { etag });
      if (restWithout(holder, bytes, users, key) !== undefined) rows.push(key);
      else searched.add(file);
      continue;
    }
    const stream = await objects.getStream(key, { etag });
    const { holds, isUnreadable } = await searchText(stream, key, users);
    if (isUnreadable) damaged.push(key);
    if (holds) words.push(key);
    else if (!isUnreadable) searched.add(file);
  }
  return { searched: all, found: { rows, words, damaged } };
}
