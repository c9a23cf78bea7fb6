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
  const inOrder = blocks.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const begins = [''];
  let rows = 0;
  for (const block of inOrder) {
    if (rows > 0 && rows + block.rows > most && block.first > begins.at(-1)!) {
      begins.push(block.first);
      rows = 0;
    }
    rows += block.rows;
  }
  return begins.map((from, bucket) => ({ from, to: begins[bucket + 1] ?? null }));
}
