import * as tf from '@tensorflow/tfjs-core';
import { ValidationError } from '#lib/pipeline/errors.ts';
import { runAfter } from '../recorder.ts';

export interface TopKInBlocksOptions {
  /** Columns in all. */
  readonly columns: number;
  /** Columns computed at a time. */
  readonly blockSize: number;
  /** How many to keep of each row; at most `columns`. */
  readonly k: number;
  /** The scores of columns `start .. start + size - 1`: `[rows, size]`, float32. */
  readonly scores: (start: number, size: number) => tf.Tensor;
}

/**
 * The k largest scores of each row, without ever holding all columns: a block is reduced to its own k largest before
 * the next one is computed, in a recorded step as well. With `k` 1 it is the arg-max.
 *
 * Equal scores come in the order of their columns. There is no gradient.
 *
 * @returns `values` `[rows, k]`, descending, and `indices` `[rows, k]`, int32, their columns
 * @throws {ValidationError} if `k` or `blockSize` is out of its range.
 */
export function topKInBlocks(options: TopKInBlocksOptions): {
  values: tf.Tensor2D;
  indices: tf.Tensor2D;
} {
  const { columns, blockSize, k, scores } = options;
  if (!(Number.isSafeInteger(k) && k >= 1 && k <= columns)) {
    throw new ValidationError(`topKInBlocks: k is ${k}; it must be in 1 .. ${columns}.`);
  }
  if (!(Number.isSafeInteger(blockSize) && blockSize >= 1)) {
    throw new ValidationError(`topKInBlocks: blockSize is ${blockSize}; it must be 1 or more.`);
  }
  return tf.tidy(() => {
    const values: tf.Tensor2D[] = [];
    const indices: tf.Tensor2D[] = [];
    for (let start = 0; start < columns; start += blockSize) {
      const size = Math.min(blockSize, columns - start);
      const best = runAfter(values.at(-1), () =>
        tf.tidy(() => {
          const block = tf.topk(scores(start, size) as tf.Tensor2D, Math.min(k, size));
          return {
            values: block.values,
            indices: tf.add(block.indices, tf.scalar(start, 'int32')),
          };
        }),
      );
      values.push(best.values as tf.Tensor2D); // [rows, min(k, size)]
      indices.push(best.indices as tf.Tensor2D);
    }
    if (values.length === 1) return { values: values[0]!, indices: indices[0]! };
    // Blocks are in column order and each is sorted, so that position breaks ties as columns would.
    const best = tf.topk(tf.concat(values, 1), k); // [rows, k] of [rows, blocks * k]
    const places = tf.concat(indices, 1); // [rows, blocks * k]
    return { values: best.values, indices: tf.gather(places, best.indices, 1, 1) as tf.Tensor2D };
  });
}
