import { topKInBlocks } from '#lib/graph/operations/top-k.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { type Head, rowsOf, valuesOf, valuesOfAll } from './heads.ts';

/** Entries of `[places, items]` held at once while looking for the best item: 64 MiB. */
const maximumValuesAtOnce = 16 * 1024 * 1024;

/**
 * The item of the highest value in each state, over the whole catalogue; in blocks if it is large, so that
 * `[places, items]` is never held at once. No gradient.
 *
 * @returns int32 item indices `[places]`, ties to the smaller index
 */
export function bestItems(
  head: Head,
  states: tf.Tensor2D,
  valuesAtOnce: number = maximumValuesAtOnce,
): tf.Tensor1D {
  const [items, width] = head.kernel.shape;
  const places = states.shape[0];
  const one = tf.scalar(1, 'int32');
  if (places * items <= valuesAtOnce) {
    return tf.add(tf.argMax(valuesOfAll(head, states), 1), one);
  }
  const { indices } = topKInBlocks({
    columns: items,
    blockSize: Math.max(1, Math.floor(valuesAtOnce / places)),
    k: 1,
    scores: (start, size) => {
      const kernel = tf.slice(head.kernel, [start, 0], [size, width]) as tf.Tensor2D;
      const bias =
        head.bias === undefined ? undefined : (tf.slice(head.bias, [start], [size]) as tf.Tensor1D);
      return valuesOfAll({ kernel, bias }, states); // [places, size]
    },
  }); // [places, 1]
  return tf.add(tf.squeeze(indices, [1]), one);
}

/**
 * The highest value in each state, `max_a value(s, a)`, with gradient: that of the value of the best item. `[places]`
 *
 * Automatic differentiation would also look for a gradient of the choice itself, hence one written out.
 */
export function bestValues(head: Head, states: tf.Tensor2D): tf.Tensor1D {
  const operation = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [s, kernel, bias] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const own: Head = { kernel, bias: head.bias === undefined ? undefined : bias };
    const best = bestItems(own, s); // [places]
    const rows = rowsOf(best);
    save([s, kernel, rows]);
    return {
      value: tf.squeeze(valuesOf(own, s, tf.expandDims(best, 1)), [1]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [state, table, index] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
        const items = table.shape[0];
        const slope = tf.expandDims(dy, 1); // [places, 1]
        const gradients = [
          tf.mul(tf.gather(table, index), slope), // [places, state]
          tf.unsortedSegmentSum(tf.mul(state, slope) as tf.Tensor2D, index, items), // [items, state]
        ];
        if (head.bias !== undefined) {
          gradients.push(tf.unsortedSegmentSum(dy as tf.Tensor1D, index, items)); // [items]
        }
        return gradients;
      },
    };
  });
  const parameters = head.bias === undefined ? [head.kernel] : [head.kernel, head.bias];
  return operation(states, ...parameters) as tf.Tensor1D;
}
