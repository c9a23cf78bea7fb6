import type * as tf from '@tensorflow/tfjs-core';
import { nativeBackend } from '../native-backend.ts';

/**
 * `left . right`, `[rows, depth]` times `[depth, columns]`, by TensorFlow's `MatMul`. No gradient.
 *
 * `tf.matMul` gives the same numbers by `BatchMatMulV2`, whose oneDNN kernel reaches 80 GFLOP/s for 128 x 64 x 18,000 where that of
 * `MatMul` reaches 98 (one core, Zen 4). With the wide side transposed both reach 75, so there is no option for that: transpose
 * the narrow side, or a table once for all products with it.
 *
 * @throws {PipelineError} `TensorFlowUnavailable` on another backend
 */
export function product(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  return matMul(left, right, false);
}

/** `left^T . right`, `[depth, rows]` and `[depth, columns]` -> `[rows, columns]`; `left` is the narrow side. No gradient. */
export function transposedProduct(left: tf.Tensor2D, right: tf.Tensor2D): tf.Tensor2D {
  return matMul(left, right, true);
}

function matMul(left: tf.Tensor2D, right: tf.Tensor2D, isTransposed: boolean): tf.Tensor2D {
  const backend = nativeBackend();
  const { TF_ATTR_TYPE: type, TF_ATTR_BOOL: bool } = backend.binding;
  const attributes = [
    { name: 'T', type, value: 1 },
    { name: 'transpose_a', type: bool, value: isTransposed },
    { name: 'transpose_b', type: bool, value: false },
  ];
  return backend.executeSingleOutput('MatMul', attributes, [left, right]) as tf.Tensor2D;
}
