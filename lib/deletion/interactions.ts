import { readRowBlock } from '#lib/interactions/row-block.ts';
import {
  createSortedRows,
  decodeIndex,
  indexBytes,
  trailerBytes,
} from '#lib/interactions/sorted-rows.ts';

/**
 * Takes users' rows out of an object of `interactions/`.
 *
 * @returns the rest (no bytes where nothing is left) and how many they were; undefined if there is none of them
 */
export function withoutInteractions(
  bytes: Uint8Array,
  gone: ReadonlySet<string>,
  where: string,
): { readonly bytes: Uint8Array; readonly rows: number } | undefined {
  const index = decodeIndex(
    bytes.subarray(-indexBytes(bytes.subarray(-trailerBytes), where)),
    where,
  );
  const may = index.some(({ first, last }) => [...gone].some((id) => first <= id && id <= last));
  if (!may) return undefined;
  const sorted = createSortedRows();
  const kept: Uint8Array[] = [];
  let rows = 0;
  for (const { start, end } of index) {
    for (const row of readRowBlock(bytes.subarray(start, end), where)) {
      if (gone.has(row.user_id)) rows++;
      else sorted.add(row);
    }
    kept.push(sorted.take());
  }
  if (rows === 0) return undefined;
  sorted.end();
  kept.push(sorted.take());
  return { bytes: Buffer.concat(kept), rows };
}
