import { product } from '#lib/graph/operations/product.ts';
import { topKInBlocks } from '#lib/graph/operations/top-k.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { type Head, valuesOf } from './heads.ts';
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
  const { items } = head.kernel;
  const rows = items > manyItems ? bestInColumnBlocks(head, states) : bestInRowBlocks(head, states);
  return tf.add(rows, tf.scalar(1, 'int32'));
}

/** Padding columns of a table get this bias, the lowest float32, so that they are never the best. */
const lowest = -3.4028234663852886e38;

/**
 * The table's row of the highest value, int32 `[places]`. The maxima of groups of columns are found first, which TensorFlow does
 * with vector instructions, unlike the arg-max itself; then only the best group is searched. For that the table is transposed and
 * padded to whole groups, once for all blocks of places.
 */
function bestInRowBlocks(head: Head, states: tf.Tensor2D): tf.Tensor1D {
  const { items } = head.kernel;
  const groups = Math.ceil(Math.sqrt(items));
  const width = Math.ceil(items / groups);
  const padding = groups * width - items;
  const kernel = tf.pad(tf.transpose(head.kernel.whole()), [
    [0, 0],
    [0, padding],
  ]) as tf.Tensor2D; // [state, groups * width]
  const bias = tf.pad(head.bias ?? tf.zeros([items]), [[0, padding]], lowest) as tf.Tensor1D;
  const rows = rowBlocks(states, items).map((block) =>
    largestPlace(tf.add(product(block, kernel), bias) as tf.Tensor2D, groups, width),
  );
  // A state that is not finite has no best item; whatever is found lies within the table, and the step's loss tells of it.
  return tf.minimum(tf.concat(rows, 0), tf.scalar(items - 1, 'int32')) as tf.Tensor1D;
}

/** Arg-max of each row of `[rows, groups * width]`, ties to the smaller column, int32 `[rows]`. */
function largestPlace(values: tf.Tensor2D, groups: number, width: number): tf.Tensor1D {
  const rows = values.shape[0];
  const maxima = tf.max(tf.reshape(values, [rows, groups, width]), 2); // [rows, groups]
  const group = tf.argMax(maxima, 1) as tf.Tensor1D; // [rows]
  const begins = tf.range(0, rows * groups, groups, 'int32');
  const members = tf.gather(
    tf.reshape(values, [rows * groups, width]) as tf.Tensor,
    tf.add(begins, group) as tf.Tensor1D,
  ); // [rows, width]
  const member = tf.argMax(members, 1);
  return tf.add(tf.mul(group, tf.scalar(width, 'int32')), member) as tf.Tensor1D;
}

/** The same for a large catalogue, int32 `[places]`. */
function bestInColumnBlocks(head: Head, states: tf.Tensor2D): tf.Tensor1D {
  const { items } = head.kernel;
  const { indices } = topKInBlocks({
    columns: items,
    blockSize: Math.max(1024, Math.floor(valuesAtOnce / states.shape[0])),
    k: 1,
    scores: (start, size) => {
      const values = tf.matMul(states, head.kernel.part(start, size), false, true);
      return head.bias === undefined
        ? values
        : tf.add(values, tf.slice(head.bias, [start], [size])); // [places, size]
    },
  }); // [places, 1]
  return tf.squeeze(indices, [1]);
}

/**
 * The highest value in each state, `max_a value(s, a)`, with gradient: that of the value of the best item. `[places]`
 *
 * The choice itself has none; it is made where automatic differentiation does not look.
 */
export function bestValues(head: Head, states: tf.Tensor2D): tf.Tensor1D {
  const choice: { best?: tf.Tensor1D } = {};
  tf.customGrad((s) => {
    choice.best = tf.keep(bestItems(head, s as tf.Tensor2D));
    return { value: tf.scalar(0), gradFunc: () => tf.zerosLike(s as tf.Tensor) };
  })(states);
  const best = tf.clone(choice.best!);
  choice.best!.dispose();
  return tf.squeeze(valuesOf(head, states, tf.expandDims(best, 1)), [1]);
}
