import { topKInBlocks } from '#lib/graph/operations/top-k.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { type Head, rowsOf, valuesOf, valuesOfAll } from './heads.ts';
import { rowBlocks } from './row-blocks.ts';

/** Catalogues beyond this are searched in blocks of columns, since few rows of them fill the cache. */
const manyItems = 65_536;
/** Values held at once in that case: 16 MiB. */
const valuesAtOnce = 4 * 1024 * 1024;

/**
 * The item of the highest value in each state over the whole catalogue, without ever holding `[places, items]`. No
 * gradient.
 *
 * @returns int32 item indices `[places]`, ties to the smaller index
 */
export function bestItems(head: Head, states: tf.Tensor2D): tf.Tensor1D {
  const items = head.kernel.shape[0];
  const rows =
    items > manyItems
      ? bestInColumnBlocks(head, states)
      : tf.concat(
          rowBlocks(states, items).map((block) => largestPlace(valuesOfAll(head, block))),
          0,
        );
  return tf.add(rows, tf.scalar(1, 'int32'));
}

/**
 * Arg-max of each row, int32 `[rows]`. The maxima of groups of columns are found first, which TensorFlow does with vector
 * instructions, unlike the arg-max itself; then only the best group is searched.
 */
function largestPlace(values: tf.Tensor2D): tf.Tensor1D {
  const [rows, columns] = values.shape;
  const width = Math.ceil(Math.sqrt(columns));
  const groups = Math.floor(columns / width);
  const rest = columns - groups * width;
  if (groups < 4) return tf.argMax(values, 1);
  const whole = rest === 0 ? values : tf.slice(values, [0, 0], [rows, groups * width]);
  const maxima = tf.max(tf.reshape(whole, [rows, groups, width]), 2); // [rows, groups]
  const group = tf.argMax(maxima, 1) as tf.Tensor1D; // [rows]
  const begins = tf.range(0, rows * groups, groups, 'int32');
  const members = tf.gather(
    tf.reshape(whole, [rows * groups, width]) as tf.Tensor,
    tf.add(begins, group) as tf.Tensor1D,
  ); // [rows, width]
  const member = tf.argMax(members, 1);
  const place = tf.add(tf.mul(group, tf.scalar(width, 'int32')), member);
  if (rest === 0) return place as tf.Tensor1D;
  // The few columns that fill no group come last: they win only with a higher value.
  const last = tf.slice(values, [0, groups * width], [rows, rest]); // [rows, rest]
  const isLast = tf.greater(tf.max(last, 1), tf.max(maxima, 1)); // [rows]
  const lastPlace = tf.add(tf.argMax(last, 1), tf.scalar(groups * width, 'int32'));
  return tf.where(isLast, lastPlace, place) as tf.Tensor1D;
}

/** The same for a large catalogue, int32 `[places]`. */
function bestInColumnBlocks(head: Head, states: tf.Tensor2D): tf.Tensor1D {
  const [items, width] = head.kernel.shape;
  const { indices } = topKInBlocks({
    columns: items,
    blockSize: Math.max(1024, Math.floor(valuesAtOnce / states.shape[0])),
    k: 1,
    scores: (start, size) => {
      const kernel = tf.slice(head.kernel, [start, 0], [size, width]) as tf.Tensor2D;
      const bias =
        head.bias === undefined ? undefined : (tf.slice(head.bias, [start], [size]) as tf.Tensor1D);
      return valuesOfAll({ kernel, bias }, states); // [places, size]
    },
  }); // [places, 1]
  return tf.squeeze(indices, [1]);
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
