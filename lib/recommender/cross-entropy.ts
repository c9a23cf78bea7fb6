import { nativeBackend, tf } from '#lib/graph/tensorflow.ts';
import { type Head, valuesOfAll } from './heads.ts';

/** TensorFlow's numbers of the data types that the operation takes. */
const float32Type = 1;
const int32Type = 3;

/**
 * Softmax cross-entropy over the whole catalogue: `-log softmax(values[p])[rows[p]]`, `[places]`.
 *
 * Head and loss are one operation with its own gradient: TensorFlow's fused kernel gives loss and `softmax - one-hot` in
 * one pass over `[places, items]`, and what the loss is multiplied by is folded into the narrow side, so that this matrix
 * is written once and never scaled.
 *
 * @param states `[places, state]`
 * @param rows int32 `[places]`: row of the head (item index - 1)
 */
export function softmaxCrossEntropy(
  head: Head,
  states: tf.Tensor2D,
  rows: tf.Tensor1D,
): tf.Tensor1D {
  const isBiased = head.bias !== undefined;
  const operation = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [s, kernel, bias] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const values = valuesOfAll({ kernel, bias: isBiased ? bias : undefined }, s); // [places, items]
    const [loss, slope] = fusedCrossEntropy(values, rows);
    save([s, kernel, slope]);
    return {
      value: loss,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [state, table, g] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
        const scale = tf.expandDims(dy, 1); // [places, 1]
        const stateGradient = tf.mul(tf.matMul(g, table), scale); // [places, state]
        const kernelGradient = tf.matMul(g, tf.mul(state, scale) as tf.Tensor2D, true); // [items, state]
        if (!isBiased) return [stateGradient, kernelGradient];
        const biasGradient = tf.matMul(scale as tf.Tensor2D, g, true); // [1, items]
        return [stateGradient, kernelGradient, tf.squeeze(biasGradient, [0])];
      },
    };
  });
  const parameters = head.bias === undefined ? [head.kernel] : [head.kernel, head.bias];
  return operation(states, ...parameters) as tf.Tensor1D;
}

/** Loss `[places]` and its gradient `softmax - one-hot` `[places, items]` in one kernel. */
export function fusedCrossEntropy(
  values: tf.Tensor2D,
  rows: tf.Tensor1D,
): [tf.Tensor1D, tf.Tensor2D] {
  const backend = nativeBackend();
  const type = backend.binding.TF_ATTR_TYPE;
  const attributes = [
    { name: 'T', type, value: float32Type },
    { name: 'Tlabels', type, value: int32Type },
  ];
  return backend.executeMultipleOutputs(
    'SparseSoftmaxCrossEntropyWithLogits',
    attributes,
    [values, rows],
    2,
  ) as [tf.Tensor1D, tf.Tensor2D];
}
