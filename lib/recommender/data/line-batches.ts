import { type RandomStream, randomStream, shuffle } from '../random.ts';
import { type Batch, emptyBatch, filler } from './batch.ts';
import type { BatchLayout } from './layout.ts';
import { type PackedBatches, type Placement, packRows, rowNumbers } from './packing.ts';
import type { TrainingRows } from './training-rows.ts';

/** Positions that each row takes in a line, `[rows]`. */
export function rowLengths(rows: TrainingRows, layout: BatchLayout): Int32Array {
  const lengths = new Int32Array(rows.rows);
  for (let row = 0; row < rows.rows; row++) {
    const items = rows.offsets[row + 1]! - rows.offsets[row]!;
    if (items < 2) continue;
    // The last item is only a target, unless the history goes on: then its state bootstraps the last transition.
    const goesOn = layout.objective.usesNextState && rows.continuations[row] !== -1;
    lengths[row] = goesOn ? items : items - 1;
  }
  return lengths;
}

/** The batches of an epoch: every row once, in an order of its own. */
export function planLines(
  rows: TrainingRows,
  layout: BatchLayout,
  seed: number,
  epoch: number,
): PackedBatches {
  const order = shuffle(rowNumbers(rows.rows), randomStream(seed, 'epoch', epoch));
  const batches = packRows(rowLengths(rows, layout), order, layout.lines, layout.time);
  // The last batches hold what was left over; their place in the epoch must not be special.
  return batches.shuffled(randomStream(seed, 'batches', epoch));
}

/** Fills the arrays of one batch of lines. The numbers depend on the arguments alone. */
export function assembleLines(
  rows: TrainingRows,
  layout: BatchLayout,
  placements: readonly Placement[],
  random: RandomStream,
): Batch {
  const batch = emptyBatch(layout);
  const fillState = filler('perState', layout, batch);
  const fillAction = filler('perAction', layout, batch);
  for (const { row, line, begin } of placements) {
    const first = rows.offsets[row]!;
    const end = rows.offsets[row + 1]!;
    const transitions = end - first - 1;
    const goesOn = rows.continuations[row] !== -1;
    const length = layout.objective.usesNextState && goesOn ? transitions + 1 : transitions;
    const begun = rows.timestamps[first]!;
    for (let at = 0; at < length; at++) {
      const place = line * layout.time + begin + at;
      fillState({
        rows,
        layout,
        place,
        value: first + at,
        at,
        basket: at,
        // The older pieces of a long history do not end it.
        room: goesOn ? 0 : layout.window - transitions,
        after: first + at,
        begun,
        request: rows.timestamps[at < transitions ? first + at + 1 : afterRow(rows, row)]!,
        next: at + 1 < length ? place + 1 : place,
      });
      if (at === transitions) continue;
      fillAction({
        rows,
        layout,
        place,
        value: first + at + 1,
        transition: first - row + at,
        isContinued: at + 1 < length,
        historyLength: rows.starts[row]! + at + 1,
        history: rows.items,
        begin: first,
        at: first + at + 1,
        end,
        random,
      });
    }
  }
  return batch;
}

/** Index of the action after a row's last one. */
function afterRow({ offsets, continuations }: TrainingRows, row: number): number {
  return offsets[continuations[row]!]! + 1;
}
