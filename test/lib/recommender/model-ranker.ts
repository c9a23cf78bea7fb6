import * as tf from '@tensorflow/tfjs-core';
import { countAhead, rankingCases } from '#lib/recommender/count-ahead.ts';
import { historyTensors } from '#lib/recommender/history-arrays.ts';
import type { Ranker } from '#lib/recommender/ranking.ts';
import { type LoadedModel, scoreItems } from '#lib/recommender/score.ts';

/**
 * Ranks with a loaded model on the active TF.js backend.
 *
 * @param excluded places for items to leave out of a case's list
 */
export function createRanker(model: LoadedModel, excluded: number): Ranker {
  const { window, items } = model.shape;
  const cases = rankingCases(items);
  return {
    cases,
    window,
    items,
    excluded,
    shape: model.shape,
    count: (input) =>
      tf.tidy(() => {
        const counts = countAhead(
          scoreItems(model, historyTensors(input, window)),
          tf.tensor1d(input.targets, 'int32'),
          excluded === 0 ? undefined : tf.tensor2d(input.excluded, [cases, excluded], 'int32'),
        );
        return {
          ahead: counts.ahead.dataSync<'int32'>(),
          excludedAhead: counts.excludedAhead?.dataSync<'int32'>() ?? new Int32Array(0),
          scores: counts.scores.dataSync<'float32'>(),
        };
      }),
  };
}
