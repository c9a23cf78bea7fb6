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
