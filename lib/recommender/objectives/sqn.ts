import { augmentedWeights, type Objective } from './objective.ts';
import { temporalDifferenceLoss, temporalDifferenceTargets } from './temporal-difference.ts';

/** SQN (Xin et al. 2020, https://arxiv.org/abs/2006.05779, equation 5): cross-entropy plus double Q-learning. */
export const sqn: Objective = {
  name: 'sqn',
  usesQHead: true,
  usesNegatives: false,
  usesNextState: true,
  hasWarmUp: false,
  computeTarget: (places, bootstrap, settings) =>
    temporalDifferenceTargets(places, bootstrap, settings, false),
  computeLoss: (places, values, targets, settings) => ({
    supervised: places.weights,
    augmented: augmentedWeights(places, settings),
    reinforcement: targets && temporalDifferenceLoss(places, values, targets, settings),
  }),
};
