/*
 * Rows are laid into parts one behind the other: a part is closed before the row that would make it too large. Where a
 * bucket's first row goes follows from how long all rows before it are; nothing else of them is needed.
 */

/** A part that is still open: its number, and how much is in it. */
export interface OpenPart {
  readonly part: number;
  readonly filled: number;
}

export const firstPart: OpenPart = { part: 0, filled: 0 };

/** A stretch of a bucket's rows that belong into one part. */
export interface Stretch {
  readonly part: number;
  /** Rows `[begin, end)` of the bucket. */
  readonly begin: number;
  readonly end: number;
  /** The part begins and ends with these rows. */
  readonly isWhole: boolean;
}

/**
 * Lays rows into parts.
 *
 * @param open the part that the first row finds
 * @param sizes of the rows
 * @param most that a part holds, unless one row is larger
 */
export function layRows(
  open: OpenPart,
  sizes: ArrayLike<number>,
  most: number,
): { stretches: Stretch[]; open: OpenPart } {
  const stretches: Stretch[] = [];
  let { part, filled } = open;
  let begin = 0;
  let isFresh = filled === 0;
  const close = (end: number, isClosed: boolean) => {
    if (end > begin) stretches.push({ part, begin, end, isWhole: isClosed && isFresh });
    begin = end;
  };
  for (let row = 0; row < sizes.length; row++) {
    if (filled > 0 && filled + sizes[row]! > most) {
      close(row, true);
      isFresh = true;
      part++;
      filled = 0;
    }
    filled += sizes[row]!;
  }
  close(sizes.length, false);
  return { stretches, open: { part, filled } };
}

/** How many parts rows were laid into. @param open the part that was open behind the last row */
export const partsOf = ({ part, filled }: OpenPart): number => (filled > 0 ? part + 1 : part);
