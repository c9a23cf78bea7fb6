import type { ItemCodesConfig } from '#lib/contracts/config/training.ts';
import type { TrainingRows } from './data/training-rows.ts';
import { randomStream } from './random.ts';

/** Passes over the sequences that find the directions in which items differ. */
const passes = 6;
/** Noise that breaks ties, as a share of a direction's deviation. */
const noise = 1e-5;

/**
 * Codes of items by who took them, after RecJPQ (Petrov and Macdonald 2024, https://arxiv.org/abs/2312.06165): the first
 * `codebooks` right singular vectors of the matrix `[sequences, items]`, each cut into `size` quantiles. Every code of a codebook
 * has about as many items, and items that the same people took have codes in common.
 *
 * The singular vectors come from orthogonal iteration over the sequences, which holds `2 [items, codebooks]` floats.
 *
 * @returns `[items, codebooks]`, each from 0 to `size - 1`; the same for the same rows and seed
 */
export function codeItems(
  rows: Pick<TrainingRows, 'rows' | 'offsets' | 'items'>,
  items: number,
  { codebooks, size }: ItemCodesConfig,
  seed: number,
): Uint8Array {
  const vectors = singularVectors(rows, items, codebooks, seed); // [items, codebooks]
  const codes = new Uint8Array(items * codebooks);
  const column = new Float32Array(items);
  for (let codebook = 0; codebook < codebooks; codebook++) {
    const random = randomStream(seed, 'item-codes', 'noise', codebook);
    let squares = 0;
    for (let item = 0; item < items; item++) squares += vectors[item * codebooks + codebook]! ** 2;
    // A direction that nothing lies in is cut at random.
    const scale = noise * (Math.sqrt(squares / items) || 1);
    for (let item = 0; item < items; item++) {
      column[item] = vectors[item * codebooks + codebook]! + scale * random.normal();
    }
    const ordered = column.slice().sort();
    const bounds = Float32Array.from(
      { length: size - 1 },
      (_, at) => ordered[Math.ceil(((at + 1) * items) / size)] ?? Number.POSITIVE_INFINITY,
    );
    for (let item = 0; item < items; item++) {
      codes[item * codebooks + codebook] = countUpTo(bounds, column[item]!);
    }
  }
  return codes;
}

/** How many bounds, which ascend, are at most the value. */
function countUpTo(bounds: Float32Array, value: number): number {
  let [low, high] = [0, bounds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bounds[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `[items, count]`, columns of length 1 at right angles, in the order of their singular values. */
function singularVectors(
  { rows, offsets, items: taken }: Pick<TrainingRows, 'rows' | 'offsets' | 'items'>,
  items: number,
  count: number,
  seed: number,
): Float32Array {
  const random = randomStream(seed, 'item-codes', 'vectors');
  let vectors = Float32Array.from({ length: items * count }, () => random.normal());
  orthonormalise(vectors, count);
  let next = new Float32Array(items * count);
  const sum = new Float64Array(count);
  for (let pass = 0; pass < passes; pass++) {
    next.fill(0);
    for (let row = 0; row < rows; row++) {
      const [begin, end] = [offsets[row]!, offsets[row + 1]!];
      sum.fill(0);
      for (let at = begin; at < end; at++) {
        const from = (taken[at]! - 1) * count;
        for (let column = 0; column < count; column++) sum[column]! += vectors[from + column]!;
      }
      for (let at = begin; at < end; at++) {
        const to = (taken[at]! - 1) * count;
        for (let column = 0; column < count; column++) next[to + column]! += sum[column]!;
      }
    }
    [vectors, next] = [next, vectors];
    orthonormalise(vectors, count);
  }
  return vectors;
}

/** Gram-Schmidt on the columns of `[items, count]`, twice each for the sake of rounding; what is left of nothing stays zero. */
function orthonormalise(vectors: Float32Array, count: number): void {
  const items = vectors.length / count;
  const projections = new Float64Array(count);
  for (let column = 0; column < count; column++) {
    for (let turn = 0; turn < 2 && column > 0; turn++) {
      projections.fill(0);
      for (let item = 0; item < items; item++) {
        const at = item * count;
        const own = vectors[at + column]!;
        for (let before = 0; before < column; before++) {
          projections[before]! += own * vectors[at + before]!;
        }
      }
      for (let item = 0; item < items; item++) {
        const at = item * count;
        let taken = 0;
        for (let before = 0; before < column; before++) {
          taken += projections[before]! * vectors[at + before]!;
        }
        vectors[at + column]! -= taken;
      }
    }
    let squares = 0;
    for (let at = column; at < vectors.length; at += count) squares += vectors[at]! ** 2;
    const scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
    for (let at = column; at < vectors.length; at += count) vectors[at]! *= scale;
  }
}
