import type { HistoryScorer, TrainingData } from '#lib/evaluation/rivals/history-scorer.ts';
import { ItemScores } from '#lib/evaluation/rivals/item-scores.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

/** An item, or an item and its time. */
export type Action = number | readonly [item: number, time: number];

/** Rows of items, a second apart unless a time is given. */
export function shardOf(rows: readonly (readonly Action[])[], firstUser = 0): SequenceShard {
  const all = rows.map((row) =>
    row.map((action, at) => (typeof action === 'number' ? ([action, at] as const) : action)),
  );
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, at) => {
    offsets[at + 1] = offsets[at]! + row.length;
  });
  return {
    users: rows.map((_, row) => `u${firstUser + row}`),
    starts: new Int32Array(rows.length),
    offsets,
    items: Int32Array.from(all.flat(), ([item]) => item),
    timestamps: Float64Array.from(all.flat(), ([, time]) => time),
    rewards: new Float32Array(all.flat().length).fill(1),
  };
}

/** Training data in two shards, so that both are read. */
export function dataOf(
  rows: readonly (readonly Action[])[],
  items: number,
  baskets = false,
): TrainingData {
  const half = Math.ceil(rows.length / 2);
  const shards = [shardOf(rows.slice(0, half)), shardOf(rows.slice(half), half)];
  const counts = new Int32Array(items);
  for (const shard of shards) for (const item of shard.items) counts[item - 1]!++;
  const itemIds = Array.from(counts, (_, index) => `i${index + 1}`);
  const itemTable = { itemIds, titles: itemIds, fields: itemIds.map(() => ({})), counts };
  return { itemTable, shards, baskets };
}

/** Scores after a history, by item. */
export function scoresOf(
  scorer: HistoryScorer,
  history: readonly Action[],
  items: number,
): number[] {
  const scores = new ItemScores(items);
  const shard = shardOf([history]);
  scorer.score({ items: shard.items, times: shard.timestamps }, scores);
  return [...scores.values.subarray(1)];
}
