import { tf } from '#lib/graph/tensorflow.ts';
import type { ResolvedModel } from '#lib/pipeline/config/training.ts';
import type { Parameters } from './backbones/backbone.ts';
import { type BatchTensors, tensorOf } from './designs/design.ts';
import { enrich, supervisedHead, supervisedStates } from './heads.ts';
import type { ObjectiveLoss } from './objectives/objective.ts';
import {
  type Comparison,
  crossEntropy,
  generalisedBinaryCrossEntropy,
  type SupervisedLosses,
  sampledSoftmax,
  supervisedLoss,
} from './supervised-loss.ts';

/** A batch's loss and its parts, each a mean over the batch's targets. */
export interface BatchLoss {
  readonly total: tf.Scalar;
  /** Supervised loss of the logged actions, unweighted. */
  readonly supervised: tf.Scalar;
  /** Loss of the Q head, 0 without one. */
  readonly reinforcement: tf.Scalar;
}

/**
 * Adds up what the objective decided on:
 * `sum(w L_s(a+) + w_LE L_s(a_LE) + reinforcementWeight L_Q) / targets`.
 *
 * @param states `[places, state]` of the main network
 */
export function batchLoss(
  model: ResolvedModel,
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
  parts: ObjectiveLoss,
): BatchLoss {
  const isTarget = tensorOf(batch, 'weights');
  const count = tf.maximum(tf.sum(isTarget), 1);
  const mean = (losses: tf.Tensor, weights: tf.Tensor) =>
    tf.div(tf.sum(tf.mul(losses, weights)), count) as tf.Scalar;
  const losses = supervisedLosses(model, parameters, states, batch);
  let total: tf.Tensor = mean(losses.logged, parts.supervised);
  if (losses.augmented !== undefined) {
    total = tf.add(total, mean(losses.augmented, parts.augmented));
  }
  if (parts.reinforcement === undefined) {
    return {
      total: total as tf.Scalar,
      supervised: mean(losses.logged, isTarget),
      reinforcement: tf.scalar(0),
    };
  }
  const reinforcement: tf.Scalar = tf.div(tf.sum(parts.reinforcement), count);
  return {
    total: tf.add(total, tf.mul(reinforcement, model.reinforcementWeight)),
    supervised: mean(losses.logged, isTarget),
    reinforcement,
  };
}

function supervisedLosses(
  model: ResolvedModel,
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
): SupervisedLosses {
  const environment = batch.environmentStates as tf.Tensor2D | undefined;
  const seen = model.lea?.state === 'q_and_ce' ? enrich(parameters, states, environment) : states;
  const comparison: Comparison = {
    head: supervisedHead(parameters),
    states: supervisedStates(parameters, seen),
    logged: tensorOf<tf.Tensor1D>(batch, 'targets'),
    augmented: batch.augmentedActions as tf.Tensor1D | undefined,
  };
  const kind = supervisedLoss(model, comparison.head.kernel.shape[0]);
  if (kind === 'cross-entropy') return crossEntropy(comparison);
  const sampled = {
    items: tensorOf<tf.Tensor1D>(batch, 'sampledItems'),
    logCounts: tensorOf<tf.Tensor1D>(batch, 'sampledLogCounts'),
  };
  return kind === 'gbce'
    ? generalisedBinaryCrossEntropy(comparison, sampled, model.gbceCalibration)
    : sampledSoftmax(comparison, sampled);
}
