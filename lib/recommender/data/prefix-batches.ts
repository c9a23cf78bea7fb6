import { type RandomStream, shuffle } from '../random.ts';
import { type Batch, emptyBatch, filler } from './batch.ts';
import type { BatchLayout } from './layout.ts';
import type { TrainingRows } from './training-rows.ts';

/**
 * Every action of the training histories, the first of a history included (its state is empty), as in the replay
 * buffer of the SQN and SNQN code.
 */
export interface Replay {
  /** Items of each history one after the other, `[values]`; overlaps of rows are joined. */
  readonly items: Int32Array;
  /** Where each history begins, and where the last one has ended, `[histories + 1]`. */
  readonly histories: Int32Array;
  /** Index of each action in `rows.items`, `[actions]`; the action itself is `items[index]`. */
  readonly values: Int32Array;
  /** Its transition, -1 for the first of a history, `[actions]`. */
  readonly transitions: Int32Array;
}

/** Joins the rows of each history. */
export function buildReplay(rows: TrainingRows): Replay {
  const isContinuation = new Uint8Array(rows.rows);
  let continuations = 0;
  for (const row of rows.continuations) {
    if (row === -1) continue;
    isContinuation[row] = 1;
    continuations++;
  }
  const size = rows.items.length - continuations;
  const replay: Replay = {
    items: new Int32Array(size),
    histories: new Int32Array(rows.rows - continuations + 1),
    values: new Int32Array(size),
    transitions: new Int32Array(size),
  };
  let at = 0;
  let history = 0;
  for (let head = 0; head < rows.rows; head++) {
    if (isContinuation[head] === 1) continue;
    for (let row = head; row !== -1; row = rows.continuations[row]!) {
      const first = rows.offsets[row]!;
      // The first item of a continuation is the last one of the row before it.
      for (let value = first + (row === head ? 0 : 1); value < rows.offsets[row + 1]!; value++) {
        replay.items[at] = rows.items[value]!;
        replay.values[at] = value;
        replay.transitions[at] = value === first ? -1 : value - 1 - row;
        at++;
      }
    }
    replay.histories[++history] = at;
  }
  return replay;
}

/** Where the history of an action begins, and where it has ended. */
export function historyOf({ histories }: Replay, action: number): { begin: number; end: number } {
  let [low, high] = [0, histories.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if (histories[middle]! <= action) low = middle;
    else high = middle;
  }
  return { begin: histories[low]!, end: histories[low + 1]! };
}

/** The batches of an epoch, each an independent uniform sample without replacement. */
export function planPrefixes(replay: Replay, layout: BatchLayout): number {
  return Math.max(1, Math.floor(replay.items.length / layout.lines));
}

/** Draws and fills one batch of prefixes. */
export function assemblePrefixes(
  rows: TrainingRows,
  replay: Replay,
  layout: BatchLayout,
  random: RandomStream,
): Batch {
  const batch = emptyBatch(layout);
  const fillSample = filler('perSample', layout, batch);
  const fillAction = filler('perAction', layout, batch);
  sampleDistinct(replay.items.length, layout.lines, random).forEach((at, place) => {
    const { begin, end } = historyOf(replay, at);
    const action = {
      rows,
      layout,
      place,
      value: replay.values[at]!,
      transition: replay.transitions[at]!,
      isContinued: at + 1 < end,
      historyLength: at - begin,
      history: replay.items,
      begin,
      at,
      end,
      random,
    };
    fillAction(action);
    fillSample(action);
  });
  return batch;
}

/** Floyd's algorithm: `count` different numbers below `size` (all, shuffled, if there are not that many). */
function sampleDistinct(size: number, count: number, random: RandomStream): Int32Array {
  if (size <= count) {
    return shuffle(
      Int32Array.from({ length: size }, (_, index) => index),
      random,
    );
  }
  const chosen = new Set<number>();
  for (let top = size - count; top < size; top++) {
    const candidate = random.integer(top + 1);
    chosen.add(chosen.has(candidate) ? top : candidate);
  }
  return shuffle(Int32Array.from(chosen), random);
}
