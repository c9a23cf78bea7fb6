import * as tf from '@tensorflow/tfjs-core';

/** The same numbers, but automatic differentiation stops here. */
export function withoutGradient<T extends tf.Tensor>(x: T): T {
  const stop = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return stop(x) as T;
}
