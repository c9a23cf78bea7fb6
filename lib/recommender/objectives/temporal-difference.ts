import * as tf from '@tensorflow/tfjs-core';
import { usesAugmented } from '../data/layout.ts';
import type { Bootstrap, ObjectiveSettings, Places, Targets, Values } from './objective.ts';

/**
 * Targets of double Q-learning (van Hasselt et al. 2016; SNQN, https://arxiv.org/abs/2111.03474, equations 2 and 4):
 * the logged action leads to the next state, `r + gamma * Q'(s_t+1, a*)`, nothing to come at the end of a history; a
 * negative action leaves the user where he is, `r_n + gamma * Q'(s_t, a*)`.
 */
export function temporalDifferenceTargets(
  places: Places,
  bootstrap: Bootstrap,
  settings: ObjectiveSettings,
  withNegatives: boolean,
): Targets {
  const discounted = (value: tf.Tensor) => tf.mul(value, settings.discount);
  const afterPositive = tf.mul(discounted(bootstrap.next()), places.continues);
  return {
    positive: tf.add(places.rewards, afterPositive),
    ...(withNegatives && {
      negatives: tf.add(
        places.negativeRewards,
        tf.expandDims(discounted(bootstrap.current()), 1),
      ) as tf.Tensor2D, // [places, negatives]
    }),
    ...(usesAugmented(settings) && {
      augmented: augmentedTarget(places, bootstrap, settings, afterPositive as tf.Tensor1D),
    }),
  };
}

/** LEA's three readings of where an augmented action leads. */
function augmentedTarget(
  places: Places,
  bootstrap: Bootstrap,
  { lea, discount }: ObjectiveSettings,
  afterPositive: tf.Tensor1D,
): tf.Tensor1D {
  switch (lea?.augmentedBootstrap) {
    case 'consumed':
      return tf.add(places.augmentedRewards, tf.mul(bootstrap.consumed(), discount));
    case 'logged':
      return tf.add(places.augmentedRewards, afterPositive);
    default:
      return places.augmentedRewards;
  }
}

/** `0.5 * (target - value)^2`, as TRFL's double_qlearning. */
export function squaredError(target: tf.Tensor, value: tf.Tensor): tf.Tensor {
  return tf.mul(tf.square(tf.sub(target, value)), 0.5);
}

/**
 * Loss of the Q head at each place: `L_p + sum over negatives of L_n` (summed, not averaged, as in the published
 * code), plus the augmented action's with its weight, plus the conservative term. `[places]`
 */
export function temporalDifferenceLoss(
  places: Places,
  values: Values,
  targets: Targets,
  settings: ObjectiveSettings,
): tf.Tensor1D {
  let loss = squaredError(targets.positive, values.positive());
  if (targets.negatives !== undefined) {
    loss = tf.add(loss, tf.sum(squaredError(targets.negatives, values.negatives()), 1));
  }
  if (settings.conservativeWeight > 0) {
    loss = tf.add(
      loss,
      tf.mul(conservativeTerm(values, targets, settings), settings.conservativeWeight),
    );
  }
  loss = tf.mul(loss, places.weights);
  if (targets.augmented !== undefined) {
    const augmented = squaredError(targets.augmented, values.augmented());
    loss = tf.add(loss, tf.mul(augmented, places.augmentedWeights));
  }
  return loss as tf.Tensor1D;
}

/**
 * Conservative Q-learning (Kumar et al. 2020, https://arxiv.org/abs/2006.04779, CQL(H)) over the logged action, the
 * negatives and the best action: `tau * log sum_a exp(Q(s, a) / tau) - Q(s, a+)`. `[places]`
 */
function conservativeTerm(
  values: Values,
  targets: Targets,
  { conservativeTemperature }: ObjectiveSettings,
): tf.Tensor {
  const positive = values.positive();
  const others = targets.negatives === undefined ? [] : [values.negatives()];
  const all = tf.concat(
    [tf.expandDims(positive, 1), tf.expandDims(values.best(), 1), ...others],
    1,
  ); // [places, negatives + 2]
  const soft = tf.logSumExp(tf.div(all, conservativeTemperature), 1);
  return tf.sub(tf.mul(soft, conservativeTemperature), positive);
}
