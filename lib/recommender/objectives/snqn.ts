import { augmentedWeights, type Objective } from './objective.ts';
import { temporalDifferenceLoss, temporalDifferenceTargets } from './temporal-difference.ts';

/**
 * SNQN (Xin et al. 2022, https://arxiv.org/abs/2111.03474, equation 5): SQN with sampled negative actions, so that the
 * Q head also learns what not to recommend.
 */
export const snqn: Objective = {
  name: 'snqn',
  usesQHead: true,
  usesNegatives: true,
  usesNextState: true,
  hasWarmUp: false,
  computeTarget: (places, bootstrap, settings) =>
    temporalDifferenceTargets(places, bootstrap, settings, true),
  computeLoss: (places, values, targets, settings) => ({
    supervised: places.weights,
    augmented: augmentedWeights(places, settings),
    reinforcement: targets && temporalDifferenceLoss(places, values, targets, settings),
  }),
};
