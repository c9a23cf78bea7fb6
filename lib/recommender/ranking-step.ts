import { type Steps, step } from '#lib/graph/program.ts';
import type { TensorSpec } from '#lib/graph/specification.ts';
import type { tf } from '#lib/graph/tensorflow.ts';
import type { HistoryInputs, Parameters } from './backbones/backbone.ts';
import { countAhead } from './count-ahead.ts';
import { historySpecs } from './history-arrays.ts';
import type { Network } from './network.ts';
import { scoreItems } from './score.ts';
import { completeTables } from './text-table.ts';

/**
 * Full ranking as a step: scores never leave the session.
 *
 * @param vectors of the items' texts, `[items, dimension]`, for a network that uses them
 * @param cases to rank at once
 * @param excluded places for items to leave out of a case's list
 */
export function rankingStep(
  network: Network,
  variables: Parameters,
  vectors: tf.Tensor2D | undefined,
  cases: number,
  excluded: number,
): Steps[string] {
  const int = (...shape: number[]) => ({ shape, dtype: 'int32' }) as const;
  return step({
    inputs: {
      ...historySpecs(network.shape, cases, network.shape.window),
      targets: int(cases),
      ...(excluded > 0 && { excluded: int(cases, excluded) }),
    } as Record<string, TensorSpec>,
    run: (tensors: Record<string, tf.Tensor>) => {
      const parameters = completeTables(variables, vectors);
      const scores = scoreItems({ ...network, parameters }, tensors as unknown as HistoryInputs);
      const counts = countAhead(
        scores,
        tensors.targets as tf.Tensor1D,
        tensors.excluded as tf.Tensor2D | undefined,
      );
      return {
        ahead: counts.ahead,
        scores: counts.scores,
        ...(counts.excludedAhead !== undefined && { excludedAhead: counts.excludedAhead }),
      } as Record<string, tf.Tensor>;
    },
  });
}
