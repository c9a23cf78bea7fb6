import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { BatchLayout } from './data/layout.ts';
import type { Network } from './network.ts';
import { objectives } from './objectives/index.ts';
import { supervisedLoss } from './supervised-loss.ts';

/** The form of a model's batches. */
export function batchLayout(model: ResolvedModel, network: Network): BatchLayout {
  const { name, usesQHead, usesNegatives, usesNextState, hasWarmUp } = objectives[model.objective];
  const { window, items } = network.shape;
  const isPrefixes = model.preset === 'paper';
  const { baskets } = network.shape;
  // One position more where the state after a full window is needed, and where actions have places of their own.
  const more = (usesNextState && !isPrefixes ? 1 : 0) + (baskets ? 1 : 0);
  const time = window + more;
  const lines = isPrefixes
    ? model.batchTargets
    : Math.max(1, Math.round(model.batchTargets / window));
  return {
    kind: isPrefixes ? 'prefixes' : baskets ? 'baskets' : 'lines',
    lines,
    time,
    window,
    places: isPrefixes ? lines : lines * time,
    items,
    model,
    objective: { name, usesQHead, usesNegatives, usesNextState, hasWarmUp },
    environmentDimension: network.environmentDimension,
    sampledItems:
      supervisedLoss(model, items) === 'cross-entropy' ? 0 : Math.min(model.sampledItems, items),
  };
}
