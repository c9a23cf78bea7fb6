import type { HistoryKind } from '#lib/contracts/config/training.ts';
import type { ItemTable } from '#lib/sequences/item-table.ts';
import type { RowsShape } from '#lib/sequences/passes.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import type { ItemScores } from './item-scores.ts';

/** What rivals are fitted on: training data alone. */
export interface TrainingData extends Pick<RowsShape, 'baskets'> {
  readonly itemTable: ItemTable;
  /** In memory, or read anew for every pass. */
  readonly shards: Iterable<SequenceShard>;
}

/** What is known of training data before its rows are read. */
export const shapeOf = ({ itemTable, baskets }: Omit<TrainingData, 'shards'>): RowsShape => ({
  items: itemTable.itemIds.length,
  baskets,
});

/** What somebody took, the oldest first. */
export interface HistoryView {
  readonly items: Int32Array;
  /** Unix seconds, as `items`. */
  readonly times: Float64Array;
}

/** A fitted part of a rival that knows histories and nothing of time: numbers in arrays, so that it can be a file. */
export interface HistoryScorer {
  readonly kind: HistoryKind;
  readonly parameters: Readonly<Record<string, number>>;
  readonly arrays: Readonly<Record<string, Int32Array | Float32Array>>;
  /** Adds a score above 0 for every item that the history speaks for. */
  score(history: HistoryView, scores: ItemScores): void;
}

/**
 * How many baskets, counted back from the end, each action is away: 0 for all actions of the last basket. Without
 * baskets every action is one.
 *
 * @returns `[actions]`
 */
export function stepsBack(times: Float64Array, baskets: boolean): Int32Array {
  const steps = new Int32Array(times.length);
  for (let at = times.length - 2; at >= 0; at--) {
    const isSame = baskets && times[at] === times[at + 1];
    steps[at] = steps[at + 1]! + (isSame ? 0 : 1);
  }
  return steps;
}
