import { type RandomStream, randomStream, shuffle } from '../random.ts';
import { copyStates, fillAction } from './actions.ts';
import { type Batch, type BatchLayout, emptyBatch } from './layout.ts';
import { type Placement, packRows } from './packing.ts';
import type { TrainingRows } from './training-rows.ts';

/** Positions that each row takes in a line, `[rows]`. */
export function rowLengths(rows: TrainingRows, layout: BatchLayout): Int32Array {
  return Int32Array.from({ length: rows.rows }, (_, row) => {
    const items = rows.offsets[row + 1]! - rows.offsets[row]!;
    if (items < 2) return 0;
    // The last item is only a target, unless the history goes on: then its state bootstraps the last transition.
    return layout.usesNextState && rows.continuations[row] !== -1 ? items : items - 1;
  });
}

/** The batches of an epoch: every row once, in an order of its own. */
export function planLines(
  rows: TrainingRows,
  layout: BatchLayout,
  seed: number,
  epoch: number,
): Placement[][] {
  const order = shuffle(
    Int32Array.from({ length: rows.rows }, (_, row) => row),
    randomStream(seed, 'epoch', epoch),
  );
  const batches = packRows(rowLengths(rows, layout), order, layout.lines, layout.time);
  // The last batches hold what was left over; their place in the epoch must not be special.
  const places = shuffle(
    Int32Array.from(batches, (_, index) => index),
    randomStream(seed, 'batches', epoch),
  );
  return Array.from(places, (index) => batches[index]!);
}

/** Fills the arrays of one batch of lines. The numbers depend on the arguments alone. */
export function assembleLines(
  rows: TrainingRows,
  layout: BatchLayout,
  placements: readonly Placement[],
  random: RandomStream,
): Batch {
  const batch = emptyBatch(layout);
  for (const { row, line, begin } of placements) {
    const first = rows.offsets[row]!;
    const transitions = rows.offsets[row + 1]! - first - 1;
    const place = line * layout.time + begin;
    const goesOn = rows.continuations[row] !== -1;
    const isContinued = layout.usesNextState && goesOn;
    const length = isContinued ? transitions + 1 : transitions;
    for (let at = 0; at < length; at++) {
      batch.items![place + at] = rows.items[first + at]!;
      batch.positions![place + at] = at;
    }
    // The older pieces of a long history do not end it.
    batch.room?.fill(goesOn ? 0 : layout.window - transitions, place, place + length);
    copyStates(rows, layout.environmentDimension, batch.environmentStates, first, place, length);
    for (let at = 0; at < transitions; at++) {
      const action = {
        value: first + at + 1,
        transition: first - row + at,
        place: place + at,
        isContinued: at + 1 < length,
        historyLength: rows.starts[row]! + at + 1,
        following: transitions - at - 1,
      };
      fillAction(rows, layout, batch, action, random);
    }
  }
  return batch;
}
