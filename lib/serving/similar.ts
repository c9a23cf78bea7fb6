import { ItemScores } from '#lib/evaluation/rivals/item-scores.ts';
import { itemEmbedding } from '#lib/recommender/backbones/backbone.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import type { HistoryPart } from './blend-file.ts';
import type { Served } from './served-model.ts';

/** How much items resemble each other. */
export interface Similarity {
  readonly source: 'embedding' | 'co-occurrence';
  /**
   * Of every item of the vocabulary how much it resembles one of them, `[items]`, item `i` at place `i - 1`; not a number
   * where nothing is known.
   *
   * @param item index, from 1
   */
  scores(item: number): Float64Array;
}

/**
 * By the vectors that the network has for its items; in a model without a network by what it has counted of actions that
 * belong together.
 */
export function createSimilarity({ network, histories, items }: Served): Similarity {
  return network === undefined
    ? { source: 'co-occurrence', scores: togetherness(histories, items) }
    : { source: 'embedding', scores: cosines(network) };
}

/** Cosines of item vectors. */
function cosines({ weights, shape }: RecommenderModel): Similarity['scores'] {
  const { values } = weights.get(itemEmbedding)!; // [items, dimension]
  const { items, dimension } = shape;
  const lengths = new Float64Array(items);
  for (let row = 0; row < items; row++) lengths[row] = Math.sqrt(dot(values, row, row, dimension));
  return (item) =>
    Float64Array.from(lengths, (length, row) => {
      const product = length * lengths[item - 1]!;
      return product === 0 ? Number.NaN : dot(values, row, item - 1, dimension) / product;
    });
}

/** Product of two rows of a table, `[rows, dimension]`. */
function dot(values: Float32Array, a: number, b: number, dimension: number): number {
  let sum = 0;
  for (let at = 0; at < dimension; at++) {
    sum += values[a * dimension + at]! * values[b * dimension + at]!;
  }
  return sum;
}

/** What a history of one item says of the others: each component's scores as shares, weighed as in the model. */
function togetherness(histories: readonly HistoryPart[], items: number): Similarity['scores'] {
  return (item) => {
    const sums = new Float64Array(items).fill(Number.NaN);
    for (const { scorer, weight } of histories) {
      const scores = new ItemScores(items);
      scorer.score({ items: Int32Array.of(item), times: Float64Array.of(0) }, scores);
      let total = 0;
      for (const other of scores.touched) total += scores.values[other]!;
      for (const other of scores.touched) {
        const before = sums[other - 1]!;
        const share = (weight * scores.values[other]!) / total;
        sums[other - 1] = (Number.isNaN(before) ? 0 : before) + share;
      }
    }
    return sums;
  };
}
