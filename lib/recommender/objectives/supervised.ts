import { augmentedWeights, type Objective } from './objective.ts';

/** Cross-entropy alone (with LEA: also on the augmented actions). */
export const supervised: Objective = {
  name: 'supervised',
  usesQHead: false,
  usesNegatives: false,
  usesNextState: false,
  hasWarmUp: false,
  computeTarget: () => undefined,
  computeLoss: (places, _values, _targets, settings) => ({
    supervised: places.weights,
    augmented: augmentedWeights(places, settings),
    reinforcement: undefined,
  }),
};
