import { type RandomStream, shuffle } from '../random.ts';

/** Where one row begins in a batch. */
export interface Placement {
  readonly row: number;
  readonly line: number;
  /** Place of the row's first item in the line. */
  readonly begin: number;
}

/** What packed rows are kept in: 12 bytes a row, since an epoch has all of them. */
interface PackedRows {
  /** Where each batch begins, and where the last one ends, `[batches + 1]`. */
  readonly offsets: readonly number[];
  /** `[rows]`, batch by batch, as `Placement` has them. */
  readonly rows: Int32Array;
  readonly lines: Int32Array;
  readonly begins: Int32Array;
}

/** The batches of an epoch. */
export class PackedBatches {
  readonly #packed: PackedRows;
  readonly #order: Int32Array;

  constructor(packed: PackedRows, order = rowNumbers(packed.offsets.length - 1)) {
    this.#packed = packed;
    this.#order = order;
  }

  get length(): number {
    return this.#order.length;
  }

  at(index: number): Placement[] {
    const { offsets, rows, lines, begins } = this.#packed;
    const batch = this.#order[index]!;
    const begin = offsets[batch]!;
    return Array.from({ length: offsets[batch + 1]! - begin }, (_, place) => ({
      row: rows[begin + place]!,
      line: lines[begin + place]!,
      begin: begins[begin + place]!,
    }));
  }

  /** The same batches in another order. */
  shuffled(random: RandomStream): PackedBatches {
    return new PackedBatches(this.#packed, shuffle(this.#order.slice(), random));
  }

  *[Symbol.iterator](): Generator<Placement[]> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
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
): PackedBatches {
  const offsets = [0];
  const rows = new Int32Array(order.length);
  const starts = { lines: new Int32Array(order.length), begins: new Int32Array(order.length) };
  let placed = 0;
  let waiting: number[] = [];
  let next = 0;
  while (next < order.length || waiting.length > 0) {
    const filled = new Int32Array(lines);
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
      rows[placed] = row;
      starts.lines[placed] = line;
      starts.begins[placed++] = filled[line]!;
      filled[line] = filled[line]! + length;
    };
    for (const row of waiting) tryToPlace(row);
    while (!isFull && next < order.length) {
      tryToPlace(order[next++]!);
      isFull = passed.length >= patience;
    }
    waiting = passed;
    if (placed > offsets.at(-1)!) offsets.push(placed);
  }
  return new PackedBatches({ offsets, rows, ...starts });
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

/** The numbers of rows, in their order. */
export function rowNumbers(rows: number): Int32Array {
  const numbers = new Int32Array(rows);
  for (let row = 0; row < rows; row++) numbers[row] = row;
  return numbers;
}
