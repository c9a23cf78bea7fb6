import { ItemScores } from '#lib/evaluation/rivals/item-scores.ts';
import { itemEmbedding } from '#lib/recommender/backbones/backbone.ts';
import { partialScores, writeScores, writeVector } from '#lib/recommender/coded-scores.ts';
import { codebooksOf, itemCodes } from '#lib/recommender/item-table.ts';
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
function cosines(model: RecommenderModel): Similarity['scores'] {
  const { weights, shape } = model;
  const { items, dimension } = shape;
  const codes = weights.get(itemCodes)?.values;
  if (codes !== undefined) return codedCosines(model, codes as Uint8Array);
  const values = weights.get(itemEmbedding)!.values as Float32Array; // [items, dimension]
  const lengths = new Float64Array(items);
  for (let row = 0; row < items; row++) lengths[row] = Math.sqrt(dot(values, row, row, dimension));
  return (item) => {
    const scores = new Float64Array(items);
    writeProducts(values, item - 1, dimension, scores);
    for (let row = 0; row < items; row++) {
      const product = lengths[row]! * lengths[item - 1]!;
      scores[row] = product === 0 ? Number.NaN : scores[row]! / product;
    }
    return scores;
  };
}

/** The same of items that are made of parts: products are sums over codes, and so are squared lengths. */
function codedCosines(
  { weights, shape: { items, dimension } }: RecommenderModel,
  codes: Uint8Array,
): Similarity['scores'] {
  const parts = weights.get(codebooksOf(itemEmbedding))!.values as Float32Array;
  const codebooks = codes.length / items;
  const head = { codes, codebooks, dimension, parts, bias: undefined };
  const vector = new Float32Array(dimension);
  const products = new Float32Array(items);
  const lengths = new Float64Array(items);
  for (let item = 0; item < items; item++) {
    writeVector(head, item, vector);
    lengths[item] = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  }
  return (item) => {
    writeVector(head, item - 1, vector);
    writeScores(head, partialScores(head, vector), products);
    return Float64Array.from(lengths, (length, row) => {
      const both = length * lengths[item - 1]!;
      return both === 0 ? Number.NaN : products[row]! / both;
    });
  };
}

/** Product of two rows of a table, `[rows, dimension]`. */
function dot(values: Float32Array, a: number, b: number, dimension: number): number {
  let sum = 0;
  for (let at = 0; at < dimension; at++) {
    sum += values[a * dimension + at]! * values[b * dimension + at]!;
  }
  return sum;
}

/**
 * Products of one row of a table, `[rows, dimension]`, with all of them, `[rows]`. Four sums at a time do not wait for each
 * other: a million items of dimension 64 take half the time.
 */
function writeProducts(
  values: Float32Array,
  row: number,
  dimension: number,
  products: Float64Array,
): void {
  const query = values.slice(row * dimension, (row + 1) * dimension);
  const even = dimension - (dimension % 4);
  for (let other = 0, at = 0; other < products.length; other++) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let place = 0;
    for (; place < even; place += 4, at += 4) {
      a += values[at]! * query[place]!;
      b += values[at + 1]! * query[place + 1]!;
      c += values[at + 2]! * query[place + 2]!;
      d += values[at + 3]! * query[place + 3]!;
    }
    for (; place < dimension; place++, at++) a += values[at]! * query[place]!;
    products[other] = a + b + (c + d);
  }
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
