import type { DecayedCounts } from './decayed-counts.ts';

/** Counts below this share of epsilon are taken for none. */
const negligible = 1e-4;

/**
 * Recent popularity as models take it in: `log(c_h(i, t) + epsilon)`, `c_h` the decayed count. Epsilon is what an item
 * that nobody has taken counts, so that it can be recommended and a first action does not weigh without bound.
 *
 * @param which place in `counts.halfLives`
 * @param time Unix seconds, after every action counted
 * @param out `[items + 1]`; place 0 belongs to padding and is not written
 */
export function writeLogCounts(
  counts: DecayedCounts,
  which: number,
  time: number,
  epsilon: number,
  out: Float64Array,
): void {
  const { values, factor } = counts.at(which, time);
  writeLogs(values, factor, epsilon, out, 1);
}

/** `out[i] = log(values[i] factor + epsilon)` for all `i` from `first` on. */
export function writeLogs(
  values: Float64Array,
  factor: number,
  epsilon: number,
  out: Float64Array,
  first = 0,
): void {
  const none = Math.log(epsilon);
  const least = (negligible * epsilon) / factor;
  for (let at = first; at < out.length; at++) {
    const value = values[at]!;
    out[at] = value < least ? none : Math.log(value * factor + epsilon);
  }
}
