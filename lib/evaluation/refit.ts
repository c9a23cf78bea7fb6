import type { BlendedNetwork } from './network-blend.ts';
import { forItems } from './network-histories.ts';
import { fitAllAnew } from './rivals/fit-scorers.ts';
import type { TrainingData } from './rivals/history-scorer.ts';

/** All actions of a run, held-out ones included, in its vocabulary. */
export type AllActions = TrainingData;

/** As much of a network as is needed here. */
type JoinedNetwork = Pick<BlendedNetwork, 'histories'> & {
  readonly network: { readonly shape: { readonly items: number } };
};

/**
 * A joined network whose rules and neighbours are counted on all actions. What the parts weigh stays as the validation cases chose it:
 * whoever has seen those cases cannot be weighed on them.
 */
export function refitHistories<Model extends JoinedNetwork>(model: Model, all: AllActions): Model {
  if (model.histories === undefined) return model;
  const histories = fitAllAnew(model.histories.scorers, all);
  return { ...model, histories: forItems(histories, model.network.shape.items) };
}
