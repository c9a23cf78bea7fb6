import { itemEmbedding } from './backbones/backbone.ts';
import { codebooksOf } from './item-table.ts';
import type { Weights } from './parameters.ts';

/** A head whose items are made of shared parts, in plain memory. */
export interface CodedHead {
  /** `[items, codebooks]`; `codebooks` is a multiple of 4. */
  readonly codes: Uint8Array;
  readonly codebooks: number;
  /** Length of a state, and of an item's vector. */
  readonly dimension: number;
  /** `[codebooks * size, state / codebooks]` */
  readonly parts: Float32Array;
  /** `[items]` */
  readonly bias: Float32Array | undefined;
}

/** A byte's values: partial scores have as many places for every codebook, so that a code's place needs no product. */
const stride = 256;

/**
 * What every code adds to an item's score: its part of the vector times that part of the state. A score of an item is the sum of
 * `codebooks` of these numbers, which is exact, and far less work than a product with the item's vector.
 *
 * @param state `[state]`
 * @returns `[codebooks, 256]`
 */
export function partialScores(
  { parts, codebooks, dimension }: CodedHead,
  state: Float32Array,
): Float32Array {
  const width = dimension / codebooks;
  const size = parts.length / dimension;
  const partial = new Float32Array(codebooks * stride);
  for (let codebook = 0; codebook < codebooks; codebook++) {
    for (let code = 0; code < size; code++) {
      const from = (codebook * size + code) * width;
      let sum = 0;
      for (let k = 0; k < width; k++) sum += state[codebook * width + k]! * parts[from + k]!;
      partial[codebook * stride + code] = sum;
    }
  }
  return partial;
}

/**
 * Scores of all items, item `i` at place `i - 1`. Items of the same codes and bias have the same score to the bit.
 *
 * @param partial `partialScores` of the state
 * @param scores `[items]`, written to
 */
export function writeScores(
  { codes, codebooks, bias }: CodedHead,
  partial: Float32Array,
  scores: Float32Array,
): void {
  const words = inFours(codes);
  const perItem = codebooks / 4;
  if (bias === undefined) scores.fill(0);
  else scores.set(bias);
  for (let word = 0; word + 1 < perItem; word += 2) {
    addEight(words, perItem, word, partial.subarray(4 * stride * word), scores);
  }
  if (perItem % 2 === 1) {
    addFour(words, perItem, perItem - 1, partial.subarray(4 * stride * (perItem - 1)), scores);
  }
}

/** Writes the vector that an item's parts make, `[dimension]`. */
export function writeVector(
  { codes, parts, codebooks, dimension }: CodedHead,
  row: number,
  to: Float32Array,
): void {
  const width = dimension / codebooks;
  const size = parts.length / dimension;
  for (let codebook = 0; codebook < codebooks; codebook++) {
    const place = codebook * size + codes[row * codebooks + codebook]!;
    to.set(parts.subarray(place * width, (place + 1) * width), codebook * width);
  }
}

/** Four codes a number: a quarter of the readings, and a byte of a number is never out of its range. */
function inFours(codes: Uint8Array): Uint32Array {
  const aligned = codes.byteOffset % 4 === 0 ? codes : codes.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function addEight(
  words: Uint32Array,
  perItem: number,
  first: number,
  p: Float32Array,
  scores: Float32Array,
): void {
  for (let item = 0, at = first; item < scores.length; item++, at += perItem) {
    const a = words[at]! | 0;
    const b = words[at + 1]! | 0;
    scores[item]! +=
      p[a & 255]! +
      p[256 + ((a >>> 8) & 255)]! +
      p[512 + ((a >>> 16) & 255)]! +
      p[768 + (a >>> 24)]! +
      p[1024 + (b & 255)]! +
      p[1280 + ((b >>> 8) & 255)]! +
      p[1536 + ((b >>> 16) & 255)]! +
      p[1792 + (b >>> 24)]!;
  }
}

function addFour(
  words: Uint32Array,
  perItem: number,
  first: number,
  p: Float32Array,
  scores: Float32Array,
): void {
  for (let item = 0, at = first; item < scores.length; item++, at += perItem) {
    const a = words[at]! | 0;
    scores[item]! +=
      p[a & 255]! +
      p[256 + ((a >>> 8) & 255)]! +
      p[512 + ((a >>> 16) & 255)]! +
      p[768 + (a >>> 24)]!;
  }
}

/**
 * The supervised head of a model whose items are made of parts.
 *
 * @param weightsOf a parameter, undefined where the model has none of that name
 * @throws RangeError if the model has no such parts
 */
export function codedHead(
  codes: Uint8Array,
  items: number,
  weightsOf: (name: string) => Weights<Float32Array> | undefined,
): CodedHead {
  const bias = weightsOf('supervised_head/bias');
  const table = codebooksOf(bias === undefined ? itemEmbedding : 'supervised_head/kernel');
  const parts = weightsOf(table);
  if (parts === undefined) throw new RangeError(`The model has no parameter "${table}".`);
  const codebooks = codes.length / items;
  const dimension = codebooks * parts.shape[1]!;
  return { codes, codebooks, dimension, parts: parts.values, bias: bias?.values };
}
