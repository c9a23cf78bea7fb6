import type { AllActions } from '#lib/evaluation/refit.ts';
import { fitAnew } from '#lib/evaluation/rivals/fit-scorers.ts';
import { shapeOf } from '#lib/evaluation/rivals/history-scorer.ts';
import { type Fitting, fitOn, type RowsShape } from '#lib/sequences/passes.ts';
import { type Blend, historyParts } from './blend-file.ts';

/**
 * A rival counted on all actions, held-out ones included. Its weights and half-lives stay as the validation cases chose
 * them.
 *
 * @throws ContractError if it has a network, which has to be trained
 */
export function* fitRivalAnew(rival: Blend, shape: RowsShape): Fitting<Blend> {
  const parts = historyParts(rival);
  const { scorers, trainingCounts } = yield* fitAnew(
    parts.map(({ scorer }) => scorer),
    shape,
  );
  return {
    ...rival,
    trainingCounts,
    components: parts.map((part, at) => ({ ...part, scorer: scorers[at]! })),
  };
}

/** `fitRivalAnew` on rows that are in memory. */
export const refitRival = (rival: Blend, all: AllActions): Blend =>
  fitOn(all.shards, fitRivalAnew(rival, shapeOf(all)));
