import * as tf from '@tensorflow/tfjs-core';
import type { Objective } from './objective.ts';
import { temporalDifferenceLoss, temporalDifferenceTargets } from './temporal-difference.ts';
import { withoutGradient } from './without-gradient.ts';

/**
 * SAC (Xin et al. 2020, https://arxiv.org/abs/2006.05779, equation 7): after a warm-up as SQN, the cross-entropy of an
 * action is weighted by its Q-value.
 */
export const sac: Objective = {
  name: 'sac',
  usesQHead: true,
  usesNegatives: false,
  usesNextState: true,
  hasWarmUp: true,
  computeTarget: (places, bootstrap, settings) =>
    temporalDifferenceTargets(places, bootstrap, settings, false),
  computeLoss: (places, values, targets, settings) => {
    if (targets === undefined) throw new TypeError('SAC needs targets of its Q head.');
    const actor = (weights: tf.Tensor1D, value: tf.Tensor1D) => {
      const factor = tf.add(1, tf.mul(places.isActing, tf.sub(withoutGradient(value), 1)));
      return tf.mul(weights, factor) as tf.Tensor1D; // [places]
    };
    return {
      supervised: actor(places.weights, values.positive()),
      augmented:
        targets.augmented === undefined
          ? undefined
          : actor(places.augmentedWeights, values.augmented()),
      reinforcement: temporalDifferenceLoss(places, values, targets, settings),
    };
  },
};
