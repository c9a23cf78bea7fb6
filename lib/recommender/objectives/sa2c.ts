import * as tf from '@tensorflow/tfjs-core';
import { actorCriticLoss } from './actor-critic.ts';
import type { Objective, ObjectiveSettings, Places, Values } from './objective.ts';
import { temporalDifferenceTargets } from './temporal-difference.ts';

/**
 * SA2C (Xin et al. 2022, https://arxiv.org/abs/2111.03474, equations 6 to 8): after a warm-up as SNQN, the
 * cross-entropy of an action is weighted by its advantage over the average of the logged and the negative actions,
 * and if asked for by an inverse propensity.
 */
export const sa2c: Objective = {
  name: 'sa2c',
  usesQHead: true,
  usesNegatives: true,
  usesNextState: true,
  hasWarmUp: true,
  computeTarget: (places, bootstrap, settings) =>
    temporalDifferenceTargets(places, bootstrap, settings, true),
  computeLoss: (places, values, targets, settings) => {
    if (targets === undefined) throw new TypeError('SA2C needs targets of its Q head.');
    const average = averageValue(values);
    const correction = propensityCorrection(places, values, settings);
    return actorCriticLoss(places, values, targets, settings, (value) =>
      tf.mul(clip(tf.sub(value, average), settings.advantageRange), correction),
    );
  },
};

/** Mean of `Q(s, a)` over the logged action and the negatives, `[places]`. */
function averageValue(values: Values): tf.Tensor {
  const negatives = values.negatives(); // [places, negatives]
  const total = tf.add(values.positive(), tf.sum(negatives, 1));
  return tf.div(total, 1 + negatives.shape[1]);
}

/** `clip(pi(a+ | s) / beta(a+), 0.1, 10) ^ exponent` with the item's training frequency as beta; 1 if off. */
function propensityCorrection(
  places: Places,
  values: Values,
  { propensityExponent }: ObjectiveSettings,
): tf.Tensor {
  if (propensityExponent === 0) return tf.scalar(1);
  const policy = tf.exp(values.logProbability());
  const ratio = tf.div(policy, tf.maximum(places.propensities, 1e-12));
  return tf.pow(tf.clipByValue(ratio, 0.1, 10), propensityExponent);
}

function clip(x: tf.Tensor, [low, high]: ObjectiveSettings['advantageRange']): tf.Tensor {
  const above = low === null ? x : tf.maximum(x, low);
  return high === null ? above : tf.minimum(above, high);
}
