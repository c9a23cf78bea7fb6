/** The name that somebody probably meant: at most two letters off; undefined if none is that close. */
export function suggest(given: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((name) => ({ name, off: editDistance(given, name) }))
    .filter(({ name, off }) => off <= 2 && off < name.length)
    .toSorted((a, b) => a.off - b.off);
  return best?.name;
}

/** Letters to insert, remove, replace or swap with their neighbour (optimal string alignment distance). */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, replaced, swapped));
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
