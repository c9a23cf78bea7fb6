import * as tf from '@tensorflow/tfjs-core';
import { itemTable } from '../item-table.ts';
import { itemEmbedding, type Parameters, parameter, type SequenceInputs } from './backbone.ts';

/** Added to a variance before its root is taken (https://github.com/kang205/SASRec, modules.py). */
const normalisationEpsilon = 1e-8;
/** What an attention score becomes where attention is not allowed. */
export const forbidden = -1e9;

/** int32 `[...]` of item indices -> embeddings `[..., dimension]`; padding becomes zeros. */
export function embedItems(parameters: Parameters, items: tf.Tensor): tf.Tensor {
  const rows = tf.maximum(tf.sub(items, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
  const embedded = itemTable(parameters, itemEmbedding).rows(rows); // [..., dimension]
  const isItem = tf.cast(tf.greater(items, tf.scalar(0, 'int32')), 'float32'); // [...]
  return tf.mul(embedded, tf.expandDims(isItem, -1));
}

/** `x . kernel + bias`: `[..., inputs]` -> `[..., outputs]`. */
export function dense(parameters: Parameters, name: string, x: tf.Tensor): tf.Tensor {
  const kernel = parameter(parameters, `${name}/kernel`);
  const [inputs, outputs] = kernel.shape as [number, number];
  const rows = tf.matMul(tf.reshape(x, [-1, inputs]), kernel as tf.Tensor2D); // [rows, outputs]
  const biased = tf.add(rows, parameter(parameters, `${name}/bias`));
  return tf.reshape(biased, [...x.shape.slice(0, -1), outputs]);
}

/**
 * Layer normalisation over the last axis with its gradient written out, a third of the operations that automatic
 * differentiation would take: `y = scale * (x - mean) / sqrt(variance + 1e-8) + offset`.
 */
export function normalise(parameters: Parameters, name: string, x: tf.Tensor): tf.Tensor {
  const scale = parameter(parameters, `${name}/scale`);
  const offset = parameter(parameters, `${name}/offset`);
  return tf.add(tf.mul(standardise(x), scale), offset);
}

/** `(x - mean) / sqrt(variance + 1e-8)` over the last axis. */
export function standardise(input: tf.Tensor): tf.Tensor {
  const operation = tf.customGrad((x, save) => {
    const centred = tf.sub(x as tf.Tensor, tf.mean(x as tf.Tensor, -1, true)); // [..., dimension]
    const variance = tf.mean(tf.square(centred), -1, true); // [..., 1]
    const inverse = tf.rsqrt(tf.add(variance, normalisationEpsilon)); // [..., 1]
    const value = tf.mul(centred, inverse);
    (save as tf.GradSaveFunc)([value, inverse]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [y, root] = saved as [tf.Tensor, tf.Tensor];
      const meanGradient = tf.mean(dy, -1, true); // [..., 1]
      const alongValue = tf.mean(tf.mul(dy, y), -1, true); // [..., 1]
      return tf.mul(tf.sub(tf.sub(dy, meanGradient), tf.mul(y, alongValue)), root);
    };
    return { value, gradFunc };
  });
  return operation(input);
}

/** Shifts a batch back in time by `steps`: entry `t` becomes `x[t - steps]`, the first ones zero. `[lines, time, ...]` */
export function delay(x: tf.Tensor, steps: number): tf.Tensor {
  if (steps === 0) return x;
  const time = x.shape[1]!;
  if (steps >= time) return tf.zerosLike(x);
  const rest = x.shape.slice(2);
  const begin = x.shape.map(() => 0);
  const kept = tf.slice(x, begin, [x.shape[0]!, time - steps, ...rest]); // [lines, time - steps, ...]
  return tf.pad(kept, [[0, 0], [steps, 0], ...rest.map((): [number, number] => [0, 0])]);
}

/** float32 `[lines, time, 1]`: 1 where the sequence reaches at least `steps` items back. */
export function reaches(positions: SequenceInputs['positions'], steps: number): tf.Tensor {
  const isReached = tf.greaterEqual(positions, tf.scalar(steps, 'int32'));
  return tf.expandDims(tf.cast(isReached, 'float32'), -1);
}

/** int32 `[lines, time]`: one sequence per line, from its beginning. */
export function linePositions(lines: number, time: number): tf.Tensor2D {
  return tf.tile(tf.expandDims(tf.range(0, time, 1, 'int32'), 0), [lines, 1]);
}

/**
 * The state after each line's last item: `[lines, time, state]` -> `[lines, state]`.
 *
 * @param lengths int32 `[lines]`; an empty line gives the state of its first, empty place
 */
export function lastPlaces(states: tf.Tensor3D, lengths: tf.Tensor1D): tf.Tensor2D {
  const [lines, time, width] = states.shape;
  const begins = tf.range(0, lines * time, time, 'int32');
  const last = tf.maximum(tf.sub(lengths, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
  const flat = tf.reshape(states, [lines * time, width]) as tf.Tensor;
  return tf.gather(flat, tf.add(begins, last) as tf.Tensor1D) as tf.Tensor2D;
}
