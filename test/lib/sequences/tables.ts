import type { ActionTable } from '#lib/sequences/actions.ts';

/** Items of each user, a number of seconds apart. */
export function tableOf(
  byUser: Readonly<Record<string, readonly number[]>>,
  apart: number,
): ActionTable {
  const userIds = Object.keys(byUser).sort();
  const lists = userIds.map((user) => byUser[user]!);
  const offsets = new Int32Array(userIds.length + 1);
  lists.forEach(({ length }, user) => {
    offsets[user + 1] = offsets[user]! + length;
  });
  const items = Int32Array.from(lists.flat());
  return {
    userIds,
    offsets,
    items,
    timestamps: Float64Array.from(lists.flatMap((list) => list.map((_, at) => at * apart))),
    rewards: new Float32Array(items.length).fill(1),
    events: new Int32Array(items.length),
    eventTypes: [''],
    rows: Int32Array.from(items.keys()),
  };
}
