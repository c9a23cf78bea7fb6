import { tf } from '#lib/graph/tensorflow.ts';
import type { Parameters } from './backbones/backbone.ts';
import { softmaxCrossEntropy } from './cross-entropy.ts';
import type { BatchTensors } from './forward.ts';
import { enrich, rowsOf, supervisedHead, supervisedStates, valuesOf } from './heads.ts';
import type { ObjectiveLoss } from './objectives/objective.ts';

/** A batch's loss and its parts, each a mean over the batch's targets. */
export interface BatchLoss {
  readonly total: tf.Scalar;
  /** Cross-entropy of the logged actions, unweighted. */
  readonly crossEntropy: tf.Scalar;
  /** Loss of the Q head, 0 without one. */
  readonly reinforcement: tf.Scalar;
}

/**
 * Adds up what the objective decided on:
 * `sum(w CE(a+) + w_LE CE(a_LE) + reinforcementWeight L_Q) / targets`.
 *
 * The two cross-entropies share one pass over the catalogue: `CE(b) = CE(a) + z_a - z_b`.
 *
 * @param states `[places, state]` of the main network
 * @param isTarget `[places]`, 1 where there is a logged action
 */
export function batchLoss(
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
  isTarget: tf.Tensor1D,
  parts: ObjectiveLoss,
  options: { readonly reinforcementWeight: number; readonly enrichesSupervised: boolean },
): BatchLoss {
  const head = supervisedHead(parameters);
  const enriched = options.enrichesSupervised
    ? enrich(parameters, states, batch.environmentStates)
    : states;
  const supervised = supervisedStates(parameters, enriched);
  const actions = batch.augmentedActions;
  const weights =
    actions === undefined ? parts.supervised : tf.add(parts.supervised, parts.augmented);
  const each = softmaxCrossEntropy(head, supervised, rowsOf(batch.targets)); // [places]
  let total: tf.Tensor = tf.sum(tf.mul(each, weights));
  if (actions !== undefined) {
    const pairs = tf.stack([batch.targets, actions], 1) as tf.Tensor2D; // [places, 2]
    const values = valuesOf(head, supervised, pairs); // [places, 2]
    const [logged, augmented] = tf.split(values, 2, 1) as [tf.Tensor, tf.Tensor]; // [places, 1] each
    const difference = tf.squeeze(tf.sub(logged, augmented), [1]); // [places]
    total = tf.add(total, tf.sum(tf.mul(parts.augmented, difference)));
  }
  const count = tf.maximum(tf.sum(isTarget), 1);
  const reinforcement =
    parts.reinforcement === undefined ? tf.scalar(0) : tf.div(tf.sum(parts.reinforcement), count);
  return {
    total: tf.add(
      tf.div(total, count),
      tf.mul(reinforcement, options.reinforcementWeight),
    ) as tf.Scalar,
    crossEntropy: tf.div(tf.sum(tf.mul(each, isTarget)), count) as tf.Scalar,
    reinforcement: reinforcement as tf.Scalar,
  };
}
