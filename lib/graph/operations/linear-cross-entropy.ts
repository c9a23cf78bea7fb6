import * as tf from '@tensorflow/tfjs-core';
import { sparseSoftmaxCrossEntropyReference } from './cross-entropy.ts';

/**
 * Softmax cross-entropy of a linear layer over many classes: `-log softmax(states . kernel^T + bias)[label]`, layer
 * and loss as one operation with its own gradient.
 *
 * The matrix `[rows, classes]` is what costs. It is written once by the product, turned into exponentials in place,
 * and read by the gradient's two products; it is never divided by its sums, scaled by the incoming gradient, or
 * corrected at the labels, all of which happen on the narrow sides, where `softmax - one-hot` is a gather and a
 * scatter of rows. A third less time than through `sparseSoftmaxCrossEntropy`.
 *
 * The loss may fall short of 0 by a rounding error of the logits. There is no second derivative.
 *
 * @param states `[rows, dimension]`
 * @param kernel `[classes, dimension]`
 * @param bias `[classes]`, or undefined for none
 * @param labels int32 `[rows]`, each in `[0, classes)`
 * @returns `[rows]`
 */
export function linearCrossEntropy(
  states: tf.Tensor2D,
  kernel: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
  labels: tf.Tensor1D,
): tf.Tensor1D {
  return tf.tidy(() => {
    if (bias === undefined) return multiply(states, kernel, labels);
    // The bias is one more column, so that it costs no pass over `[rows, classes]` forth and back.
    const ones = tf.ones([states.shape[0], 1]);
    const widerStates = tf.concat([states, ones], 1) as tf.Tensor2D; // [rows, dimension + 1]
    const widerKernel = tf.concat([kernel, tf.expandDims(bias, 1)], 1) as tf.Tensor2D; // [classes, dimension + 1]
    return multiply(widerStates, widerKernel, labels);
  });
}

/** The same in ordinary operations. */
export function linearCrossEntropyReference(
  states: tf.Tensor2D,
  kernel: tf.Tensor2D,
  bias: tf.Tensor1D | undefined,
  labels: tf.Tensor1D,
): tf.Tensor1D {
  return tf.tidy(() => {
    const products = tf.matMul(states, kernel, false, true); // [rows, classes]
    const logits = bias === undefined ? products : tf.add(products, bias);
    return sparseSoftmaxCrossEntropyReference(logits, labels);
  });
}

/** Without a bias. */
function multiply(states: tf.Tensor2D, kernel: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const operation = tf.customGrad((...args) => {
    const [x, table, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const logits = tf.matMul(x, table, false, true); // [rows, classes]
    const largest = tf.max(logits, 1, true); // [rows, 1]
    const exponentials = tf.exp(tf.sub(logits, largest)); // [rows, classes]
    const total = tf.sum(exponentials, 1, true); // [rows, 1]
    // Not picked from the logits, so that nothing else uses them and they are overwritten.
    const labelled = tf.sum(tf.mul(x, tf.gather(table, labels)), 1); // [rows]
    const value = tf.sub(tf.squeeze(tf.add(largest, tf.log(total)), [1]), labelled); // [rows]
    // The labels too: what the caller computes inside a differentiated function is released before the gradient.
    save([x, table, exponentials, total, labels]);
    return { value, gradFunc: gradient };
  });
  return operation(states, kernel) as tf.Tensor1D;
}

/** With `p` the softmax: `dx = dy (p . table - table[label])`, `dtable = p^T . (dy x) - scatter(dy x)`. */
function gradient(dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] {
  const [x, table, exponentials, total] = saved as Matrices;
  const labels = saved[4] as tf.Tensor1D;
  const slope = tf.expandDims(dy, 1); // [rows, 1]
  const share = tf.div(slope, total); // [rows, 1]
  const expected = tf.mul(tf.matMul(exponentials, table), share); // [rows, dimension]
  const labelled = tf.mul(tf.gather(table, labels), slope); // [rows, dimension]
  const weighted = tf.mul(x, share) as tf.Tensor2D; // [rows, dimension]
  const spread = tf.matMul(exponentials, weighted, true); // [classes, dimension]
  const placed = tf.unsortedSegmentSum(tf.mul(x, slope), labels, table.shape[0]); // [classes, dimension]
  return [tf.sub(expected, labelled), tf.sub(spread, placed)];
}

type Matrices = [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
