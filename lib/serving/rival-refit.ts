import { type AllActions, countedAnew } from '#lib/evaluation/refit.ts';
import { fitAnew } from '#lib/evaluation/rivals/fit-scorers.ts';
import { type Blend, historyParts } from './blend-file.ts';

/**
 * A rival counted on all actions, held-out ones included. Its weights and half-lives stay as the validation cases chose
 * them.
 *
 * @throws ContractError if it has a network, which has to be trained
 */
export function refitRival(rival: Blend, all: AllActions): Blend {
  const data = countedAnew(all);
  return {
    ...rival,
    trainingCounts: data.itemTable.counts,
    components: historyParts(rival).map((part) => ({
      ...part,
      scorer: fitAnew(part.scorer, data),
    })),
  };
}
