import type { TrainingData } from './rivals/history-scorer.ts';
import { ItemScores } from './rivals/item-scores.ts';
import { itemNeighbours } from './rivals/pair-scorer.ts';

/** Training rows whose transitions get an action to copy. */
export interface CopiedFrom extends TrainingData {
  /** Lists leave out what is in the history, and so do the actions. */
  readonly excludeHistory: boolean;
}

/** A transition of a row: the state after `position`, and the item that was taken in it. */
export interface Transition {
  readonly row: Int32Array;
  readonly times: Float64Array;
  readonly position: number;
  readonly excludeHistory: boolean;
}

/** An action for every transition, and what it is worth. */
export interface CopiedActions {
  /** Item indices, 0 for none, `[transitions]`. */
  readonly actions: Int32Array;
  /** Share (0-1) of the actions that users take later than their next one, among transitions that are followed by any. */
  readonly chance: number;
}

/** Every transition of the shards, one row after the other. */
export function* transitionsOf({
  shards,
  excludeHistory,
}: Pick<CopiedFrom, 'shards' | 'excludeHistory'>): Generator<Transition> {
  for (const { offsets, items, timestamps } of shards) {
    for (let number = 0; number + 1 < offsets.length; number++) {
      const row = items.subarray(offsets[number]!, offsets[number + 1]!);
      const times = timestamps.subarray(offsets[number]!, offsets[number + 1]!);
      for (let position = 0; position + 1 < row.length; position++) {
        yield { row, times, position, excludeHistory };
      }
    }
  }
}

/** Whether an item can be copied there: not the logged action, nor what was taken before where lists leave that out. */
export function isOpen({ row, position, excludeHistory }: Transition, item: number): boolean {
  if (row[position + 1] === item) return false;
  return !excludeHistory || !row.subarray(0, position + 1).includes(item);
}

/**
 * Chooses an action for every transition.
 *
 * @param choose 0 for none
 */
export function copyActions(
  data: Pick<CopiedFrom, 'shards' | 'excludeHistory'>,
  choose: (transition: Transition) => number,
): CopiedActions {
  const actions: number[] = [];
  let followed = 0;
  let right = 0;
  for (const transition of transitionsOf(data)) {
    const action = choose(transition);
    actions.push(action);
    const later = transition.row.subarray(transition.position + 2);
    if (action === 0 || later.length === 0) continue;
    followed++;
    if (later.includes(action)) right++;
  }
  return { actions: Int32Array.from(actions), chance: followed === 0 ? 0 : right / followed };
}

/** The nearest neighbour of a history (item-kNN) that is open; 0 where there is none. */
export function nearestOpen(data: CopiedFrom): (transition: Transition) => number {
  const neighbours = itemNeighbours(data);
  const scores = new ItemScores(data.itemTable.itemIds.length);
  return (transition) => {
    const end = transition.position + 1;
    const history = {
      items: transition.row.subarray(0, end),
      times: transition.times.subarray(0, end),
    };
    scores.clear();
    neighbours.score(history, scores);
    let best = 0;
    for (const item of scores.touched) {
      const ahead = scores.values[item]! - scores.values[best]!;
      const isBetter = ahead > 0 || (ahead === 0 && item < best);
      if (isBetter && isOpen(transition, item)) best = item;
    }
    return best;
  };
}
