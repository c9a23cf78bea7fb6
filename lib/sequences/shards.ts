import type { RowActions } from './actions.ts';
import { firstPart, layRows } from './buckets/laying.ts';
import type { SequenceShard } from './shard.ts';
import type { Split } from './split.ts';

/** A row of a training shard: the actions `[begin, end)` of a table, `start` of which is its place in the history. */
export interface TrainingRow {
  readonly user: number;
  readonly start: number;
  readonly begin: number;
  readonly end: number;
}

/**
 * Cuts the training parts of all histories into rows (`windowsOf`) and puts whole rows into shards.
 *
 * @param shardItems a shard is closed before the row that would make it longer; a row is never cut for it
 */
export function cutShards(
  actions: RowActions,
  split: Split,
  window: number,
  shardItems: number,
): SequenceShard[] {
  const rows = trainingRows(actions, split, window);
  const sizes = rows.map(({ begin, end }) => end - begin);
  return layRows(firstPart, sizes, shardItems).stretches.map(({ begin, end }) =>
    shardOf(actions, rows.slice(begin, end)),
  );
}

/** The rows of the training parts of all histories. */
export function trainingRows(actions: RowActions, split: Split, window: number): TrainingRow[] {
  const rows: TrainingRow[] = [];
  for (let user = 0; user < actions.userIds.length; user++) {
    const trained = split.trainEnds[user]!;
    if (trained === 0) continue;
    const first = actions.offsets[user]!;
    for (const [begin, end] of windowsOf(trained, window)) {
      rows.push({ user, start: begin, begin: first + begin, end: first + end });
    }
  }
  return rows;
}

/** Puts rows into a shard. */
export function shardOf(actions: RowActions, rows: readonly TrainingRow[]): SequenceShard {
  const offsets = new Int32Array(rows.length + 1); // [rows + 1]
  rows.forEach(({ begin, end }, row) => {
    offsets[row + 1] = offsets[row]! + end - begin;
  });
  const items = offsets[rows.length]!;
  const shard = {
    users: rows.map((row) => actions.userIds[row.user]!),
    starts: Int32Array.from(rows, (row) => row.start),
    offsets,
    items: new Int32Array(items),
    timestamps: new Float64Array(items),
    rewards: new Float32Array(items),
  };
  rows.forEach(({ begin, end }, row) => {
    const at = offsets[row]!;
    shard.items.set(actions.items.subarray(begin, end), at);
    shard.timestamps.set(actions.timestamps.subarray(begin, end), at);
    shard.rewards.set(actions.rewards.subarray(begin, end), at);
  });
  return shard;
}

/**
 * Cuts a history into rows of at most `window + 1` items that overlap by one item, so that every transition (an item
 * and the next one) lies in exactly one row. Rows are laid from the end of the history: the newest actions get the
 * longest contexts, and the remainder that is shorter is the oldest row. A history of one item is one row.
 *
 * @param length items in the history, at least 1
 * @param window longest context, in items, at least 1
 * @returns `[begin, end)` of each row, oldest first
 */
export function windowsOf(length: number, window: number): (readonly [number, number])[] {
  if (length === 1) return [[0, 1]];
  const rows: (readonly [number, number])[] = [];
  for (let last = length - 1; last > 0; last -= window) {
    rows.push([Math.max(0, last - window), last + 1]);
  }
  return rows.reverse();
}
