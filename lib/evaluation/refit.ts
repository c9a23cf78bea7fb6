import { countTaken } from '#lib/sequences/all-actions.ts';
import { type BlendedNetwork, forItems } from './network-blend.ts';
import { fitAnew } from './rivals/fit-scorers.ts';
import type { TrainingData } from './rivals/history-scorer.ts';

/** All actions of a run, held-out ones included, in its vocabulary. */
export type AllActions = TrainingData;

/**
 * A joined network whose rules are counted on all actions. What the parts weigh stays as the validation cases chose it:
 * whoever has seen those cases cannot be weighed on them.
 */
export function refitRules(model: BlendedNetwork, all: AllActions): BlendedNetwork {
  if (model.rules === undefined) return model;
  const data = countedAnew(all);
  const scorer = fitAnew(model.rules.scorer, data);
  const rules = { scorer, trainingCounts: data.itemTable.counts };
  return { ...model, rules: forItems(rules, model.network.shape.items) };
}

/** With how often each item was taken, held-out actions included. */
export function countedAnew({ itemTable, shards, baskets }: AllActions): TrainingData {
  const counts = countTaken(shards, itemTable.itemIds.length);
  return { itemTable: { ...itemTable, counts }, shards, baskets };
}
