import { tf } from '#lib/graph/tensorflow.ts';
import { type Parameters, parameter } from './backbones/backbone.ts';
import { standardise } from './backbones/layers.ts';
import { type BatchTensors, tensorOf } from './data/batch.ts';
import type { ParameterSpec } from './parameters.ts';

/** Temperature of the comparison. */
const temperature = 0.1;
/** States of other places that a state is compared with at most; their number squared would not fit with large batches. */
const contrasts = 2048;

/** Name of the map from the served encoder's state to the LE's; serving does not need it. */
export const stateMap = 'state_map';

export function stateMapSpec(stateDimension: number, environmentDimension: number): ParameterSpec {
  return {
    name: stateMap,
    shape: [stateDimension, environmentDimension],
    initialiser: { kind: 'glorot', fanIn: stateDimension, fanOut: environmentDimension },
  };
}

/**
 * How badly the encoder's states tell the LE's states apart (InfoNCE, https://arxiv.org/abs/1807.03748, as contrastive
 * distillation, https://arxiv.org/abs/1910.10699), summed over places with a target that the LE has answered:
 * `- log softmax_j(cos(s_i U, s_LE_j) / 0.1)` at `j = i`. The LE's states are standardised each.
 *
 * @param states `[places, state]` of the served encoder
 */
export function distillationLoss(
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
): tf.Scalar {
  const environment: tf.Tensor2D = tensorOf(batch, 'environmentStates');
  const places = environment.shape[0];
  const isAnswered = tf.sign(tf.sum(tf.abs(environment), 1)); // [places]
  const counted = tf.mul(isAnswered, tensorOf(batch, 'weights')) as tf.Tensor1D;
  const goal = unit(standardise(environment) as tf.Tensor2D); // [places, environment]
  const own = unit(
    tf.matMul(states, parameter(parameters, stateMap) as tf.Tensor2D) as tf.Tensor2D,
  );
  const others = Math.min(places, contrasts);
  const right = tf.div(tf.sum(tf.mul(own, goal), 1), temperature); // [places]
  const compared = tf.div(
    tf.matMul(own, tf.slice(goal, [0, 0], [others, -1]), false, true),
    temperature,
  ); // [places, others]
  const isOther = tf.sub(
    tf.expandDims(tf.slice(counted, [0], [others]), 0),
    tf.eye(places, others),
  ); // 1 for other counted places; the place itself stands in `right`
  const masked = tf.add(compared, tf.mul(tf.sub(tf.maximum(isOther, 0), 1), 1e9));
  const all = tf.concat([tf.expandDims(right, 1), masked], 1); // [places, 1 + others]
  return tf.sum(tf.mul(tf.sub(tf.logSumExp(all, 1), right), counted));
}

/** Rows of length 1. */
function unit(x: tf.Tensor2D): tf.Tensor2D {
  const length = tf.sqrt(tf.add(tf.sum(tf.square(x), 1, true), 1e-12)); // [places, 1]
  return tf.div(x, length);
}
