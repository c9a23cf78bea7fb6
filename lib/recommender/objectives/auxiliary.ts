import * as tf from '@tensorflow/tfjs-core';
import { augmentedWeights, type Objective } from './objective.ts';
import { squaredError } from './temporal-difference.ts';

/**
 * The control without reinforcement (Labarca Silva et al., ICML 2024, https://proceedings.mlr.press/v235/silva24b.html,
 * "HIST"): the Q head's value of the logged action learns how many items the user has interacted with, as a share of
 * the longest history. What RL gains must be more than what this gains.
 */
export const auxiliary: Objective = {
  name: 'auxiliary',
  usesQHead: true,
  usesNegatives: false,
  usesNextState: false,
  hasWarmUp: false,
  computeTarget: (places) => ({ positive: places.historyShares }),
  computeLoss: (places, values, targets, settings) => ({
    supervised: places.weights,
    augmented: augmentedWeights(places, settings),
    reinforcement:
      targets &&
      (tf.mul(squaredError(targets.positive, values.positive()), places.weights) as tf.Tensor1D),
  }),
};
