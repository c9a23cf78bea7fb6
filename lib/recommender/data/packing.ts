/** Where one row begins in a batch. */
export interface Placement {
  readonly row: number;
  readonly line: number;
  /** Place of the row's first item in the line. */
  readonly begin: number;
}

/** Rows passed over, one after the other, before a batch counts as full. */
const patience = 64;

/**
 * Packs rows into batches of `lines` lines of `lineLength` places. Short rows share a line, so that hardly any place
 * is padding whatever the lengths (a state never sees across the border, see `SequenceInputs.positions`). Best fit in
 * the given order; a row that fits nowhere waits for the next batch, which it opens.
 *
 * @param lengths places that each row takes, 1 to `lineLength`; a row of length 0 is left out
 * @param order the rows, shuffled
 */
export function packRows(
  lengths: Int32Array,
  order: Int32Array,
  lines: number,
  lineLength: number,
): Placement[][] {
  const batches: Placement[][] = [];
  let waiting: number[] = [];
  let next = 0;
  while (next < order.length || waiting.length > 0) {
    const filled = new Int32Array(lines);
    const placements: Placement[] = [];
    const passed: number[] = [];
    let isFull = false;
    const tryToPlace = (row: number) => {
      const length = lengths[row]!;
      if (length === 0) return;
      if (length > lineLength) {
        throw new RangeError(`Row ${row} takes ${length} places, a line has ${lineLength}.`);
      }
      const line = bestFit(filled, length, lineLength);
      if (line === -1) {
        passed.push(row);
        return;
      }
      placements.push({ row, line, begin: filled[line]! });
      filled[line] = filled[line]! + length;
    };
    for (const row of waiting) tryToPlace(row);
    while (!isFull && next < order.length) {
      tryToPlace(order[next++]!);
      isFull = passed.length >= patience;
    }
    waiting = passed;
    if (placements.length > 0) batches.push(placements);
  }
  return batches;
}

/** The fullest line that still has room, -1 for none. */
function bestFit(filled: Int32Array, length: number, lineLength: number): number {
  let best = -1;
  let most = -1;
  for (let line = 0; line < filled.length; line++) {
    const used = filled[line]!;
    if (used + length <= lineLength && used > most) {
      best = line;
      most = used;
      if (used + length === lineLength) break;
    }
  }
  return best;
}
