import type { Steps } from '#lib/graph/program.ts';
import { step } from '#lib/graph/program.ts';
import type { TensorSpec } from '#lib/graph/specification.ts';
import type { tf } from '#lib/graph/tensorflow.ts';
import type { HistoryInputs, Parameters } from './backbones/backbone.ts';
import { type CodedHead, partialScores, writeScores } from './coded-scores.ts';
import { supervisedStates } from './heads.ts';
import { historySpecs } from './history-arrays.ts';
import { withCodes } from './item-table.ts';
import type { Network } from './network.ts';
import type { RankingCounts } from './ranking.ts';
import { lastStates } from './score.ts';

/** Cases of which the states are computed at once. */
export const codedCases = 256;

/** What the supervised head multiplies, after each history: `states` `[cases, state]`. */
export function statesStep(
  network: Network,
  variables: Parameters,
  codes: tf.Tensor2D,
  cases: number,
): Steps[string] {
  return step({
    inputs: historySpecs(network.shape, cases, network.shape.window) as Record<string, TensorSpec>,
    run: (tensors: Record<string, tf.Tensor>) => {
      const parameters = withCodes(variables, codes);
      const inputs = tensors as unknown as HistoryInputs;
      const last = lastStates(network.backbone, network.shape, parameters, inputs, (x) => x);
      return { states: supervisedStates(parameters, last) };
    },
  });
}

/**
 * Counts the items before the targets as `countAhead` does, by the scores of `writeScores`, which serving has too.
 *
 * @param states `[cases, state]`
 * @param targets item indices `[cases]`
 * @param excluded item indices `[cases, places]`, padded with 0
 */
export function countAheadByCodes(
  head: CodedHead,
  states: Float32Array,
  targets: Int32Array,
  excluded: Int32Array,
  places: number,
): RankingCounts {
  const cases = targets.length;
  const items = head.codes.length / head.codebooks;
  const width = states.length / cases;
  const all = new Float32Array(items);
  const counts = {
    ahead: new Int32Array(cases),
    excludedAhead: new Int32Array(cases * places),
    scores: new Float32Array(cases),
  };
  for (let row = 0; row < cases; row++) {
    writeScores(head, partialScores(head, states.subarray(row * width, (row + 1) * width)), all);
    const target = targets[row]!;
    const own = all[target - 1]!;
    counts.scores[row] = own;
    let ahead = 0;
    for (let place = 0; place < target - 1; place++) if (all[place]! >= own) ahead++;
    for (let place = target; place < items; place++) if (all[place]! > own) ahead++;
    counts.ahead[row] = ahead;
    for (let at = row * places; at < (row + 1) * places; at++) {
      const item = Math.max(1, excluded[at]!);
      const score = all[item - 1]!;
      counts.excludedAhead[at] = score > own || (score === own && item < target) ? 1 : 0;
    }
  }
  return counts;
}
