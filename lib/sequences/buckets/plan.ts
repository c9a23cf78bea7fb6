import type { UserSpan } from '#lib/interactions/sorted-rows.ts';

/**
 * Shares users out to buckets by their ids, from how many rows there are in blocks of rows that are sorted by user.
 *
 * @param blocks the first user of each, and its rows
 * @param most rows of a bucket, about: blocks go where their first user does, and a user is in one bucket
 */
export function planBuckets(
  blocks: readonly { readonly first: string; readonly rows: number }[],
  most: number,
): UserSpan[] {
  // Blocks that begin with the same user go to the same bucket.
  const rowsFrom = new Map<string, number>();
  for (const { first, rows } of blocks) rowsFrom.set(first, (rowsFrom.get(first) ?? 0) + rows);
  const inOrder = [...rowsFrom].sort(([a], [b]) => (a < b ? -1 : 1));
  const begins = [''];
  let rows = 0;
  for (const [first, own] of inOrder) {
    if (rows > 0 && rows + own > most) {
      begins.push(first);
      rows = 0;
    }
    rows += own;
  }
  return begins.map((from, bucket) => ({ from, to: begins[bucket + 1] ?? null }));
}
