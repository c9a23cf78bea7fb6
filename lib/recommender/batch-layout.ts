import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { BatchLayout } from './data/layout.ts';
import type { Network } from './network.ts';
import { objectives } from './objectives/index.ts';
import { usesAugmented } from './objectives/objective.ts';
import { supervisedLoss } from './supervised-loss.ts';

/** The form of a model's batches. */
export function batchLayout(model: ResolvedModel, network: Network): BatchLayout {
  const objective = objectives[model.objective];
  const { window, items } = network.shape;
  const isPrefixes = model.preset === 'paper';
  const hasAugmented = usesAugmented(model);
  // One position more where the state after a full window is needed.
  const time = objective.usesNextState && !isPrefixes ? window + 1 : window;
  const lines = isPrefixes
    ? model.batchTargets
    : Math.max(1, Math.round(model.batchTargets / window));
  return {
    kind: isPrefixes ? 'prefixes' : 'lines',
    lines,
    time,
    window,
    usesRoom: !isPrefixes && model.backbone === 'sasrec' && network.shape.positionsFrom === 'end',
    places: isPrefixes ? lines : lines * time,
    items,
    negatives: objective.usesNegatives ? model.negatives : 0,
    negativeReward: model.negativeReward,
    usesNextState: objective.usesNextState,
    usesHistoryShares: objective.name === 'auxiliary',
    usesPropensities: objective.name === 'sa2c' && model.propensityExponent > 0,
    usesAugmented: hasAugmented,
    usesConsumed:
      hasAugmented &&
      isPrefixes &&
      objective.usesNextState &&
      model.lea?.augmentedBootstrap === 'consumed',
    lea: model.lea,
    environmentDimension: network.environmentDimension,
    futureActions: model.futureActions,
    sampledItems:
      supervisedLoss(model, items) === 'cross-entropy' ? 0 : Math.min(model.sampledItems, items),
  };
}
