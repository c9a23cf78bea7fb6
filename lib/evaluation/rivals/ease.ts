import { type HistoryScorer, strongest, type TrainingData } from './history-scorer.ts';
import { invertInPlace } from './inverse.ts';
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
 * @returns undefined where more items were trained on than `easeItems`
 */
export function ease(
  data: TrainingData,
  { lambda, decay }: EaseSettings,
): HistoryScorer | undefined {
  const { counts } = data.itemTable;
  const items = counts.length;
  // Places of the items that somebody took; all others have no neighbours.
  const taken = Int32Array.from(counts.keys()).filter((row) => counts[row]! > 0);
  const size = taken.length;
  if (size > easeItems || size === 0) return undefined;
  const placeOf = new Int32Array(items + 1).fill(-1);
  taken.forEach((row, place) => {
    placeOf[row + 1] = place;
  });
  const matrix = together(data, placeOf, size);
  for (let place = 0; place < size; place++) matrix[place * size + place]! += lambda;
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
        if (place === own) continue;
        // On and below the diagonal.
        const at = place < own ? own * size + place : place * size + own;
        const weight = -matrix[at]! / matrix[place * size + place]!;
        if (!(weight > 0)) continue;
        positive.push(taken[place]! + 1);
        weights[taken[place]! + 1] = weight;
      }
      for (const other of strongest(positive, weights, maximumPairs)) {
        // So small a weight that it is none as a 32-bit number says nothing.
        if (Math.fround(weights[other]!) === 0) continue;
        others.push(other);
        strengths.push(weights[other]!);
      }
    }
    offsets[item + 1] = others.length;
  }
  const pairs = {
    offsets,
    items: Int32Array.from(others),
    strengths: Float32Array.from(strengths),
  };
  return pairScorer('ease', pairs, { decay, lambda, baskets: data.baskets ? 1 : 0 });
}

/** `X'X` on and below the diagonal, `[size, size]`: how many users took both items. */
function together({ shards }: TrainingData, placeOf: Int32Array, size: number): Float64Array {
  const matrix = new Float64Array(size * size);
  let user: string | undefined;
  const own = new Set<number>();
  const close = () => {
    const places = Array.from(own).sort((a, b) => a - b);
    places.forEach((row, at) => {
      for (let other = 0; other <= at; other++) matrix[row * size + places[other]!]!++;
    });
    own.clear();
  };
  for (const { users, offsets, items } of shards) {
    for (let row = 0; row < users.length; row++) {
      // The rows of one user follow each other.
      if (users[row] !== user) close();
      user = users[row];
      for (let at = offsets[row]!; at < offsets[row + 1]!; at++) own.add(placeOf[items[at]!]!);
    }
  }
  close();
  return matrix;
}
