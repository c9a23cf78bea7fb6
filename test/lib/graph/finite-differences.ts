import { tf } from '#lib/graph/tensorflow.ts';

/**
 * The largest difference between the gradient of `sum(weights * f(x))` by automatic differentiation and by central
 * differences, relative to the largest component. The weights are random, so that no component cancels out.
 *
 * @param step distance of the two points, large enough for float32
 */
export function gradientError(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, step = 1e-2): number {
  return tf.tidy(() => {
    const { shape } = f(x);
    const weights = tf.randomUniform(shape, 0.5, 1.5, 'float32', 11);
    const value = (at: tf.Tensor) => {
      // Summed in float64, so that only f itself is rounded.
      const terms = tf.mul(weights, f(at)).dataSync() as Float32Array;
      return terms.reduce((sum, term) => sum + term, 0);
    };
    const gradient = tf
      .grad((at: tf.Tensor) => tf.sum(tf.mul(weights, f(at))))(x)
      .dataSync();
    const point = x.dataSync();
    let worst = 0;
    let largest = 0;
    for (const [index, slope] of gradient.entries()) {
      const moved = (by: number) => {
        const values = Float32Array.from(point);
        values[index]! += by;
        return value(tf.tensor(values, x.shape));
      };
      worst = Math.max(worst, Math.abs((moved(step) - moved(-step)) / (2 * step) - slope));
      largest = Math.max(largest, Math.abs(slope));
    }
    return worst / largest;
  });
}
