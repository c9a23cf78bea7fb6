import * as tf from '@tensorflow/tfjs-core';
import { dataTypes } from '../graph-definition.ts';
import { hasNativeBackend, nativeBackend } from '../native-backend.ts';

/**
 * Softmax cross-entropy of each row with its label, `-log softmax(logits)[label]`, with no one-hot matrix. Loss and
 * gradient come out of one fused operation of TensorFlow, `SparseSoftmaxCrossEntropyWithLogits`; on other backends
 * it is `sparseSoftmaxCrossEntropyReference`.
 *
 * The gradient is that of `logits`; there is no second derivative.
 *
 * @param logits `[rows, classes]`, float32
 * @param labels `[rows]`, int32, each in `[0, classes)`; others fail when the operation runs
 * @returns `[rows]`
 */
export function sparseSoftmaxCrossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor1D {
  if (!hasNativeBackend()) return sparseSoftmaxCrossEntropyReference(logits, labels);
  const compute = tf.customGrad((x, save) => {
    const backend = nativeBackend();
    const type = backend.binding.TF_ATTR_TYPE;
    const attributes = [
      { name: 'T', type, value: dataTypes.float32 },
      { name: 'Tlabels', type, value: dataTypes.int32 },
    ];
    const [value, gradient] = backend.executeMultipleOutputs(
      'SparseSoftmaxCrossEntropyWithLogits',
      attributes,
      [x as tf.Tensor, labels],
      2,
    ) as [tf.Tensor, tf.Tensor];
    (save as tf.GradSaveFunc)([gradient]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, tf.expandDims(dy, 1)), // [rows, classes] * [rows, 1]
    };
  });
  return compute(logits) as tf.Tensor1D;
}

/** The same in ordinary operations. */
export function sparseSoftmaxCrossEntropyReference(
  logits: tf.Tensor,
  labels: tf.Tensor,
): tf.Tensor1D {
  return tf.tidy(() => {
    const classes = logits.shape[1]!;
    const oneHot = tf.cast(tf.oneHot(labels as tf.Tensor1D, classes), 'float32'); // [rows, classes]
    return tf.neg(tf.sum(tf.mul(oneHot, tf.logSoftmax(logits)), 1)) as tf.Tensor1D; // [rows]
  });
}
