import type { SequenceShard } from '#lib/sequences/shard.ts';

/** The same rows in the same order, cut into other shards: behind each of the rows that are numbered. */
export function resharded(
  shards: readonly SequenceShard[],
  behind: readonly number[],
): SequenceShard[] {
  const rows = shards.flatMap((shard) =>
    shard.users.map((user, row) => {
      const values = [shard.offsets[row]!, shard.offsets[row + 1]!] as const;
      return {
        user,
        start: shard.starts[row]!,
        items: [...shard.items.subarray(...values)],
        timestamps: [...shard.timestamps.subarray(...values)],
        rewards: [...shard.rewards.subarray(...values)],
      };
    }),
  );
  const ends = [...new Set([...behind.map((row) => 1 + (row % rows.length)), rows.length])];
  ends.sort((a, b) => a - b);
  return ends.map((end, at) => {
    const own = rows.slice(ends[at - 1] ?? 0, end);
    const offsets = new Int32Array(own.length + 1);
    own.forEach(({ items }, row) => {
      offsets[row + 1] = offsets[row]! + items.length;
    });
    return {
      users: own.map(({ user }) => user),
      starts: Int32Array.from(own, ({ start }) => start),
      offsets,
      items: Int32Array.from(own.flatMap(({ items }) => items)),
      timestamps: Float64Array.from(own.flatMap(({ timestamps }) => timestamps)),
      rewards: Float32Array.from(own.flatMap(({ rewards }) => rewards)),
    };
  });
}
