import * as tf from '@tensorflow/tfjs-core';
import { type Parameters, parameter, type SequenceInputs } from './backbone.ts';
import { forbidden } from './layers.ts';

/** What attention may look at, and how old that is: what is added to its scores. */
export interface AttentionInputs {
  /** 1 from each place (row) to those that it may look at, `[lines, places, time]`. */
  readonly isAllowed: tf.Tensor;
  /** Bucket of the time from an action to the request that a place answers, int32 `[lines, places, time]`. */
  readonly buckets: tf.Tensor | undefined;
}

/** Buckets of time. The last one holds what is older than five years. */
export const timeBuckets = 64;
/** Width of a bucket of log seconds. */
const bucketWidth = 0.301;

/** What places of one sequence have in common: where it begins, `[lines, time]`. */
function beginsOf(positions: tf.Tensor): tf.Tensor {
  const time = positions.shape[1]!;
  return tf.sub(tf.expandDims(tf.range(0, time, 1, 'int32'), 0), positions);
}

/** `[lines, time]` as the rows, and as the columns, of `[lines, time, time]`. */
const rows = (x: tf.Tensor) => tf.expandDims(x, 2);
const columns = (x: tf.Tensor) => tf.expandDims(x, 1);

/** 1 where two places are of one sequence, bool `[lines, time, time]`. */
export function isSameSequence(positions: tf.Tensor): tf.Tensor {
  const begins = beginsOf(positions);
  return tf.equal(rows(begins), columns(begins));
}

/** From each place to itself and to what came before it in its sequence; of baskets, to all of its own too. */
export function lookBack(inputs: SequenceInputs): tf.Tensor {
  const { positions, baskets } = inputs;
  const order = baskets ?? positions;
  return tf.logicalAnd(isSameSequence(positions), tf.lessEqual(columns(order), rows(order)));
}

/** From each place to all baskets before its own, where a branch begins. */
export function lookBackFurther({ positions }: SequenceInputs, baskets: tf.Tensor): tf.Tensor {
  return tf.logicalAnd(isSameSequence(positions), tf.less(columns(baskets), rows(baskets)));
}

/**
 * HSTU's buckets of time (Zhai et al. 2024, https://arxiv.org/abs/2402.17152, section 3.4;
 * https://github.com/meta-recsys/generative-recommenders, `RelativeBucketedTimeAndPositionBasedBias`):
 * `floor(log(max(1, T_i - t_j)) / 0.301)`, `t_j` when action `j` was taken and `T_i` when the list is asked for that place `i`
 * answers, which is when the next action was taken. So a place knows how long it is since its own action too.
 *
 * @param times int32 `[lines, time]`, seconds from any moment on
 * @param requests int32 `[lines, places]`, from the same moment on
 * @returns int32 `[lines, places, time]`
 */
export function bucketsOf(times: tf.Tensor, requests: tf.Tensor): tf.Tensor {
  const ages = tf.sub(rows(requests), columns(times)); // [lines, places, time]
  const seconds = tf.cast(tf.maximum(ages, tf.scalar(1, 'int32')), 'float32');
  const buckets = tf.cast(tf.floor(tf.div(tf.log(seconds), bucketWidth)), 'int32');
  return tf.minimum(buckets, tf.scalar(timeBuckets - 1, 'int32'));
}

/** Name of a block's table of biases, `[timeBuckets]`. */
export const timeBias = (block: number) => `block_${block}/time_bias`;

/** What one block adds to its scores, `[lines, 1, places, time]`. */
export function attentionBias(
  parameters: Parameters,
  block: number,
  { isAllowed, buckets }: AttentionInputs,
): tf.Tensor {
  const penalty = tf.mul(tf.sub(1, tf.cast(isAllowed, 'float32')), forbidden);
  const bias =
    buckets === undefined
      ? penalty
      : tf.add(penalty, tf.gather(parameter(parameters, timeBias(block)), buckets as tf.Tensor1D));
  return tf.expandDims(bias, 1);
}

/**
 * States after whole baskets, whose order inside means nothing: the mean of the states of a basket's items.
 *
 * @param states `[lines, time, state]`
 * @param isMember 1 where a place (column) is in the basket that is asked for, `[lines, places, time]`
 * @returns `[lines, places, state]`; zeros where nothing is
 */
export function meanStates(states: tf.Tensor3D, isMember: tf.Tensor): tf.Tensor3D {
  const members = tf.cast(isMember, 'float32');
  const sizes = tf.maximum(tf.sum(members, 2, true), 1); // [lines, places, 1]
  return tf.matMul(tf.div(members, sizes) as tf.Tensor3D, states);
}
