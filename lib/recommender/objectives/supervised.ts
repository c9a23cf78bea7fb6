import type { Objective } from './objective.ts';

/** Cross-entropy alone (with LEA: also on the augmented actions). */
export const supervised: Objective = {
  name: 'supervised',
  usesQHead: false,
  usesNegatives: false,
  usesNextState: false,
  hasWarmUp: false,
  computeTarget: () => undefined,
  computeLoss: (places) => ({
    supervised: places.weights,
    augmented: places.augmentedWeights,
    reinforcement: undefined,
  }),
};
