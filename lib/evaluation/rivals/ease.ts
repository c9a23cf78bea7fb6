import type { Fitting, RowsShape } from '#lib/sequences/passes.ts';
import type { HistoryScorer } from './history-scorer.ts';
import { invertInPlace } from './inverse.ts';
import { type PairTable, strongest } from './pair-counts.ts';
import { type PairSettings, pairScorer } from './pair-scorer.ts';

/** EASE's settings. */
export interface EaseSettings extends PairSettings {
  /** Ridge, in actions. */
  readonly lambda: number;
}

/** Items with a training action up to which the matrix is inverted: 8 bytes for each pair of items, so 200 MB. */
export const easeItems = 5000;
/** Neighbours kept of an item. */
const maximumPairs = 200;

/**
 * EASE (Steck 2019, https://arxiv.org/abs/1905.03375, equation 8): `B = I - P diag(1 / diag P)`, `P = (X'X + lambda I)^-1`,
 * `X` says which user took which item in training, `[users, items]`. Of each item the strongest positive weights are kept,
 * so that the file stays small; scored from the end of the history: `score(j) = sum_k decay^k B[h_k, j]`.
 *
 * @returns a scorer for each of the settings, undefined where more items were trained on than `easeItems`
 */
export function* fitEase(
  { items, baskets }: RowsShape,
  settings: readonly EaseSettings[],
): Fitting<HistoryScorer[] | undefined> {
  const isTaken = new Uint8Array(items + 1);
  yield (shard) => {
    for (const item of shard.items) isTaken[item] = 1;
  };
  // Items that somebody took; all others have no neighbours.
  const taken = Int32Array.from(isTaken.keys()).filter((item) => isTaken[item] === 1);
  const size = taken.length;
  if (size > easeItems || size === 0) return undefined;
  const placeOf = new Int32Array(items + 1).fill(-1);
  taken.forEach((item, place) => {
    placeOf[item] = place;
  });
  const together = yield* countTogether(placeOf, size);
  return settings.map(({ lambda, decay }) => {
    const pairs = weightsOf(together, taken, placeOf, lambda);
    return pairScorer('ease', pairs, { decay, lambda, baskets: baskets ? 1 : 0 });
  });
}

/** Of each item the strongest positive weights of `B`. @param together as `countTogether` gives it */
function weightsOf(
  together: Uint32Array,
  taken: Int32Array,
  placeOf: Int32Array,
  lambda: number,
): PairTable {
  const size = taken.length;
  const items = placeOf.length - 1;
  const matrix = new Float64Array(size * size);
  for (let row = 0, from = 0; row < size; from += ++row) {
    matrix.set(together.subarray(from, from + row + 1), row * size);
    matrix[row * size + row]! += lambda;
  }
  invertInPlace(matrix, size);

  const offsets = new Int32Array(items + 2);
  const others: number[] = [];
  const strengths: number[] = [];
  const weights = new Float64Array(items + 1);
  for (let item = 1; item <= items; item++) {
    const own = placeOf[item]!;
    if (own >= 0) {
      const positive: number[] = [];
      for (let place = 0; place < size; place++) {
        // On and below the diagonal; on it, -1.
        const at = place < own ? own * size + place : place * size + own;
        const weight = -matrix[at]! / matrix[place * size + place]!;
        // So small a weight that it is none as a 32-bit number says nothing.
        if (!(Math.fround(weight) > 0)) continue;
        positive.push(taken[place]!);
        weights[taken[place]!] = weight;
      }
      for (const other of strongest(positive, weights, maximumPairs)) {
        others.push(other);
        strengths.push(weights[other]!);
      }
    }
    offsets[item + 1] = others.length;
  }
  return {
    offsets,
    items: Int32Array.from(others),
    strengths: Float32Array.from(strengths),
  };
}

/** `X'X` on and below the diagonal, row by row, `[size (size + 1) / 2]`: how many users took both items. */
function* countTogether(placeOf: Int32Array, size: number): Fitting<Uint32Array> {
  const together = new Uint32Array((size * (size + 1)) / 2);
  let user: string | undefined;
  const own = new Set<number>();
  const close = () => {
    const places = Int32Array.from(own).sort();
    for (let at = 0; at < places.length; at++) {
      const row = places[at]!;
      const begin = (row * (row + 1)) / 2;
      for (let other = 0; other <= at; other++) together[begin + places[other]!]!++;
    }
    own.clear();
  };
  yield ({ users, offsets, items }) => {
    for (let row = 0; row < users.length; row++) {
      // The rows of one user follow each other.
      if (users[row] !== user) close();
      user = users[row];
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++) own.add(placeOf[items[at]!]!);
    }
  };
  close();
  return together;
}
