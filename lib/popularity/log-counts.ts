import type { DecayedCounts } from './decayed-counts.ts';

/** Counts below this share of epsilon are taken for none. */
const negligible = 1e-4;

/**
 * Recent popularity as models take it in: `log(c_h(i, t) + epsilon)`, `c_h` the decayed count. Epsilon is what an item
 * that nobody has taken counts, so that it can be recommended and a first action does not weigh without bound.
 *
 * Written for one time after another: what has not changed since, as most counts of all time, is not computed anew.
 */
export class LogCounts {
  /** `[items + 1]`; place 0 belongs to padding and stays 0. */
  readonly row: Float64Array;
  readonly #epsilon: number;
  /** Of what the row is. */
  readonly #values: Float64Array;
  #factor = Number.NaN;

  /** @param items size of the vocabulary */
  constructor(items: number, epsilon: number) {
    this.row = new Float64Array(items + 1);
    this.#epsilon = epsilon;
    this.#values = new Float64Array(items + 1);
  }

  /**
   * @param which place in `counts.halfLives`, always the same
   * @param time Unix seconds, after every action counted
   */
  write(counts: DecayedCounts, which: number, time: number): void {
    const { values, factor } = counts.at(which, time);
    if (factor !== this.#factor) {
      writeLogs(values, factor, this.#epsilon, this.row, 1);
      this.#values.set(values);
      this.#factor = factor;
      return;
    }
    const { none, least } = boundsOf(factor, this.#epsilon);
    for (let at = 1; at < values.length; at++) {
      const value = values[at]!;
      if (value === this.#values[at]) continue;
      this.#values[at] = value;
      this.row[at] = value < least ? none : Math.log(value * factor + this.#epsilon);
    }
  }
}

/** `out[i] = log(values[i] factor + epsilon)` for all `i` from `first` on. */
export function writeLogs(
  values: Float64Array,
  factor: number,
  epsilon: number,
  out: Float64Array,
  first = 0,
): void {
  const { none, least } = boundsOf(factor, epsilon);
  for (let at = first; at < out.length; at++) {
    const value = values[at]!;
    out[at] = value < least ? none : Math.log(value * factor + epsilon);
  }
}

/** What is taken for none, and its logarithm. */
const boundsOf = (factor: number, epsilon: number) => {
  return { none: Math.log(epsilon), least: (negligible * epsilon) / factor };
};
