import { product, transposedProduct } from '#lib/graph/operations/product.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { rowBlocks } from './row-blocks.ts';

/**
 * The expensive half of a softmax cross-entropy: `sum_p weights[p] * log sum_a exp(value(s_p, a))`.
 *
 * Value and gradient are computed together, a block of rows after the other while its values are in the cache: logits,
 * maximum, exponentials `e`, their sum `t`, then `(e . kernel) / t` and `e^T . (s / t)`. The softmax itself is never
 * written: the division is done on the narrow side, and so are the weights. The table is transposed once, and its
 * gradient at the end, because products whose wide side is transposed are slower (`product`).
 *
 * @param states `[places, state]`
 * @param weights `[places]`, without gradient
 * @returns a scalar
 */
export function softmaxNormaliser(
  head: Table,
  states: tf.Tensor2D,
  weights: tf.Tensor1D,
): tf.Scalar {
  const isBiased = head.bias !== undefined;
  const operation = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [s, kernel, bias] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
    const own: BothWays = {
      kernel,
      transposed: tf.transpose(kernel), // [state, items]
      bias: isBiased ? bias : undefined,
    };
    const blocks = rowBlocks(s, kernel.shape[0]);
    const weighted = rowBlocks(tf.expandDims(weights, 1) as tf.Tensor2D, kernel.shape[0]); // [rows, 1] each
    const parts = blocks.map((block, index) => blockOf(own, block, weighted[index]!));
    const first = parts[0]!;
    const sum = <Name extends keyof Part>(name: Name) =>
      parts.slice(1).reduce((total, part) => tf.add(total, part[name]), first[name] as tf.Tensor);
    const stateGradient =
      parts.length === 1 ? first.states : tf.concat(parts.map((part) => part.states)); // [places, state]
    save([stateGradient, tf.transpose(sum('transposed')), ...(isBiased ? [sum('bias')] : [])]);
    return {
      value: sum('value'),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => saved.map((slope) => tf.mul(slope, dy)),
    };
  });
  const parameters = head.bias === undefined ? [head.kernel] : [head.kernel, head.bias];
  return operation(states, ...parameters) as tf.Scalar;
}

/** The part of a head that is compared with. */
export interface Table {
  /** `[items, state]` */
  readonly kernel: tf.Tensor2D;
  /** `[items]` */
  readonly bias: tf.Tensor1D | undefined;
}

/** The same with the kernel at hand the other way round, `[state, items]`. */
interface BothWays extends Table {
  readonly transposed: tf.Tensor2D;
}

/** A block's share of the sum, and of its gradients. */
interface Part {
  readonly value: tf.Tensor;
  /** `[rows, state]` */
  readonly states: tf.Tensor;
  /** Of the transposed kernel, `[state, items]`. */
  readonly transposed: tf.Tensor;
  /** `[items]` */
  readonly bias: tf.Tensor;
}

function blockOf(table: BothWays, states: tf.Tensor2D, weights: tf.Tensor2D): Part {
  const products = product(states, table.transposed); // [rows, items]
  const values = table.bias === undefined ? products : tf.add(products, table.bias);
  const largest = tf.max(values, 1, true); // [rows, 1]
  const exponentials = tf.exp(tf.sub(values, largest)) as tf.Tensor2D; // [rows, items]
  const total = tf.sum(exponentials, 1, true); // [rows, 1]
  const scale = tf.div(weights, total) as tf.Tensor2D; // [rows, 1]
  return {
    value: tf.sum(tf.mul(tf.add(tf.log(total), largest), weights)),
    states: tf.mul(product(exponentials, table.kernel), scale),
    transposed: transposedProduct(tf.mul(states, scale) as tf.Tensor2D, exponentials),
    bias:
      table.bias === undefined
        ? tf.scalar(0)
        : tf.squeeze(tf.matMul(scale, exponentials, true), [0]),
  };
}
