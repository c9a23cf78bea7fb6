import * as tf from '@tensorflow/tfjs-core';
import { EvidenceWriter, type Scale } from '#lib/evaluation/rivals/evidence.ts';
import type { HistoryScorer } from '#lib/evaluation/rivals/history-scorer.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import { loadModel, readValues, scoreItems } from '#lib/recommender/score.ts';
import type { Rules } from './blend-file.ts';

/** Scores all items of the vocabulary after histories. */
export interface Scorer {
  /**
   * @param histories item indices, the oldest first, at least one each
   * @returns `[histories, items]`; item `i` at place `i - 1`. Only until the next call
   */
  score(histories: readonly (readonly number[])[]): Float32Array;
  /** Frees the backend's memory. */
  dispose(): void;
}

/** Logits of a network's supervised head, on the active TF.js backend; only as many places as the longest history needs. */
export function networkScorer(model: RecommenderModel): Scorer {
  const loaded = loadModel(model);
  return {
    score(histories) {
      const last = histories.map((history) => history.slice(-model.shape.window));
      const time = Math.max(...last.map((history) => history.length));
      const items = new Int32Array(last.length * time); // [histories, time]
      last.forEach((history, row) => {
        items.set(history, row * time);
      });
      const lengths = Int32Array.from(last, (history) => history.length);
      return readValues(() =>
        scoreItems(
          loaded,
          tf.tensor2d(items, [last.length, time], 'int32'),
          tf.tensor1d(lengths, 'int32'),
        ),
      );
    },
    dispose: loaded.dispose,
  };
}

/** What a component says that looks at histories alone. Without times, every action is a step of its own. */
export function historyScorer(
  scorer: HistoryScorer,
  scale: Scale,
  trainingCounts: Int32Array,
  window: number,
): Scorer {
  const items = trainingCounts.length;
  const writer = new EvidenceWriter(trainingCounts);
  const row = new Float64Array(items + 1);
  let scores = new Float32Array(0);
  return {
    score(histories) {
      if (scores.length !== histories.length * items) {
        scores = new Float32Array(histories.length * items);
      }
      histories.forEach((history, place) => {
        const last = Int32Array.from(history.slice(-window));
        const times = Float64Array.from(last.keys());
        writer.write(scorer, { items: last, times }, { [scale]: row });
        scores.set(row.subarray(1), place * items);
      });
      return scores;
    },
    dispose() {},
  };
}

/** Each step back in the history counts this much less, down to the smallest weight that is used. */
const decay = 0.5;
const minimumWeight = 0.01;

/** `log(sum_k decay^k rule(h_k, j) + epsilon)`, `h_0` the last item: see `sequentialRules` in lib/evaluation. */
export function rulesScorer(
  { offsets, items, strengths }: Rules,
  count: number,
  epsilon: number,
): Scorer {
  const none = Math.log(epsilon);
  let scores = new Float32Array(0);
  const sums = new Float64Array(count);
  return {
    score(histories) {
      if (scores.length !== histories.length * count) {
        scores = new Float32Array(histories.length * count);
      }
      scores.fill(none);
      histories.forEach((history, row) => {
        const touched = new Set<number>();
        let weight = 1;
        for (let at = history.length - 1; at >= 0 && weight > minimumWeight; at--) {
          const antecedent = history[at]!;
          for (let rule = offsets[antecedent]!; rule < offsets[antecedent + 1]!; rule++) {
            const place = items[rule]! - 1;
            sums[place]! += weight * strengths[rule]!;
            touched.add(place);
          }
          weight *= decay;
        }
        for (const place of touched) {
          scores[row * count + place] = Math.log(sums[place]! + epsilon);
          sums[place] = 0;
        }
      });
      return scores;
    },
    dispose() {},
  };
}
