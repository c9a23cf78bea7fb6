import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import type { Parameters } from './backbones/backbone.ts';
import { type BatchTensors, tensorOf } from './data/batch.ts';
import { distillationLoss } from './distillation.ts';
import { supervisedHead, supervisedStates } from './heads.ts';
import type { ObjectiveLoss } from './objectives/objective.ts';
import {
  type Comparison,
  crossEntropy,
  generalisedBinaryCrossEntropy,
  sampledSoftmax,
  supervisedLoss,
} from './supervised-loss.ts';

/** A batch's loss and its parts, each a sum divided by the number of the batch's targets. */
export interface BatchLoss {
  readonly total: tf.Scalar;
  /** Supervised losses of logged and augmented actions with the objective's weights. */
  readonly supervised: tf.Scalar;
  /** Loss of the Q head before `reinforcementWeight`, 0 without one. */
  readonly reinforcement: tf.Scalar;
}

/**
 * Adds up what the objective decided on:
 * `sum(w L_s(a+) + w_LE L_s(a_LE) + reinforcementWeight L_Q + stateWeight L_state) / targets`.
 *
 * @param states `[places, state]` of the main network
 * @param warmItems items with a training action; they come first in the vocabulary
 */
export function batchLoss(
  model: ResolvedModel,
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
  parts: ObjectiveLoss,
  warmItems: number = Number.POSITIVE_INFINITY,
): BatchLoss {
  const count = tf.maximum(tf.sum(tensorOf(batch, 'weights')), 1);
  const mean = (sum: tf.Tensor) => tf.div(sum, count) as tf.Scalar;
  const supervised = mean(supervisedSum(model, parameters, states, batch, parts, warmItems));
  let total: tf.Scalar = supervised;
  let reinforcement = tf.scalar(0);
  if (parts.reinforcement !== undefined) {
    reinforcement = mean(tf.sum(parts.reinforcement));
    total = tf.add(total, tf.mul(reinforcement, model.reinforcementWeight));
  }
  const stateWeight = model.lea?.stateWeight ?? 0;
  if (stateWeight > 0 && batch.environmentStates !== undefined) {
    const distillation = mean(distillationLoss(parameters, states, batch));
    total = tf.add(total, tf.mul(distillation, stateWeight));
  }
  return { total, supervised, reinforcement };
}

function supervisedSum(
  model: ResolvedModel,
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
  parts: ObjectiveLoss,
  warmItems: number,
): tf.Scalar {
  const head = supervisedHead(parameters);
  const { items } = head.kernel;
  const comparison: Comparison = {
    head,
    compared: model.text?.coldNegatives === false ? Math.min(warmItems, items) : items,
    states: supervisedStates(parameters, states),
    ...rightActions(batch, parts),
  };
  const kind = supervisedLoss(model, items);
  if (kind === 'cross-entropy') return crossEntropy(comparison);
  const sampled = {
    items: tensorOf(batch, 'sampledItems'),
    logCounts: tensorOf(batch, 'sampledLogCounts'),
  };
  return kind === 'gbce'
    ? generalisedBinaryCrossEntropy(comparison, sampled, model.gbceCalibration)
    : sampledSoftmax(comparison, sampled);
}

/** The actions that count as right and their weights, both `[places, k]`. */
function rightActions(
  batch: BatchTensors,
  parts: ObjectiveLoss,
): Pick<Comparison, 'actions' | 'weights'> {
  const column = (x: tf.Tensor): tf.Tensor => tf.expandDims(x, 1); // [places, 1]
  const logged = column(parts.supervised);
  const { futureActions, futureWeights, augmentedActions } = batch;
  const actions: tf.Tensor[] = [column(tensorOf(batch, 'targets'))];
  const weights = [futureWeights === undefined ? logged : tf.mul(logged, futureWeights)];
  if (futureActions !== undefined) actions.push(futureActions);
  if (augmentedActions !== undefined && parts.augmented !== undefined) {
    actions.push(column(augmentedActions));
    weights.push(column(parts.augmented));
  }
  const join = (parts: tf.Tensor[]) =>
    (parts.length === 1 ? parts[0] : tf.concat(parts, 1)) as tf.Tensor2D;
  return { actions: join(actions), weights: join(weights) };
}
