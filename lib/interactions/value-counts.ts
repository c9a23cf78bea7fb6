import * as z from 'zod';

/** What the values of one event type are. */
export const valueTally = z.strictObject({
  rows: z.int().min(1),
  lowest: z.number(),
  highest: z.number(),
  /** All different values; null when there are more than a scale of ratings has. */
  distinct: z.array(z.number()).nullable(),
});
export type ValueTally = z.infer<typeof valueTally>;

/** Steps of the longest scale of ratings: 0 to 10 by halves. */
const SCALE = 21;
const TYPES = 50;

/** Counts values by event type (`*` for none), of the first 50 types. */
export function createValueCounts() {
  const found = new Map<
    string,
    { rows: number; lowest: number; highest: number; distinct: Set<number> | null }
  >();
  return {
    add(type: string | null, value: number): void {
      const name = type ?? '*';
      const known = found.get(name);
      if (known === undefined) {
        if (found.size < TYPES)
          found.set(name, { rows: 1, lowest: value, highest: value, distinct: new Set([value]) });
        return;
      }
      known.rows++;
      if (value < known.lowest) known.lowest = value;
      if (value > known.highest) known.highest = value;
      known.distinct?.add(value);
      if (known.distinct && known.distinct.size > SCALE) known.distinct = null;
    },
    store: (): Record<string, ValueTally> =>
      sorted(
        [...found].map(([name, { distinct, ...rest }]) => [
          name,
          { ...rest, distinct: distinct && [...distinct].sort((a, b) => a - b) },
        ]),
      ),
  };
}

/** What several ranges found, together. */
export function mergeValues(
  tallies: readonly Record<string, ValueTally>[],
): Record<string, ValueTally> {
  const merged = new Map<string, ValueTally>();
  for (const [name, some] of tallies.flatMap((tally) => Object.entries(tally))) {
    const known = merged.get(name);
    if (known === undefined) {
      merged.set(name, some);
      continue;
    }
    const distinct = known.distinct &&
      some.distinct && [...new Set([...known.distinct, ...some.distinct])];
    merged.set(name, {
      rows: known.rows + some.rows,
      lowest: Math.min(known.lowest, some.lowest),
      highest: Math.max(known.highest, some.highest),
      distinct: distinct && distinct.length <= SCALE ? distinct.sort((a, b) => a - b) : null,
    });
  }
  return sorted([...merged]);
}

/** In a fixed order, so that equal tallies are equal bytes and remarks come in the same order however a file is cut. */
const sorted = (
  found: readonly (readonly [name: string, tally: ValueTally])[],
): Record<string, ValueTally> => Object.fromEntries(found.toSorted(([a], [b]) => (a < b ? -1 : 1)));
