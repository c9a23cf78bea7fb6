import { actorCriticLoss } from './actor-critic.ts';
import type { Objective } from './objective.ts';
import { temporalDifferenceTargets } from './temporal-difference.ts';

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
    return actorCriticLoss(places, values, targets, settings, (value) => value);
  },
};
