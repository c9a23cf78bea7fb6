import { EvidenceWriter, type Scale } from '#lib/evaluation/rivals/evidence.ts';
import type { HistoryScorer } from '#lib/evaluation/rivals/history-scorer.ts';
import {
  type DatedHistory,
  historyArrays,
  historyTensors,
} from '#lib/recommender/history-arrays.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import { loadModel, readValues, scoreItems } from '#lib/recommender/score.ts';

/** What somebody took, as far as a model knows it: item indices, at least one. */
export interface KnownHistory extends DatedHistory {
  readonly items: readonly number[];
  readonly times: readonly number[] | undefined;
}

/** Scores of items as they come from a network, or from what is counted. */
export type Scores = Float32Array | Float64Array;

/** Scores all items of the vocabulary after histories. */
export interface Scorer {
  /** @returns `[histories, items]`; item `i` at place `i - 1`. Only until the next call */
  score(histories: readonly KnownHistory[]): Scores;
  /** Score of an item that the vocabulary lacks; where it is not said, that of rare ones. */
  readonly ofOthers?: number;
  /** Frees the backend's memory. */
  dispose(): void;
}

/** Logits of a network's supervised head, on the active TF.js backend; only as many places as the longest history needs. */
export function networkScorer(model: RecommenderModel): Scorer {
  const loaded = loadModel(model);
  return {
    score(histories) {
      const longest = Math.max(...histories.map(({ items }) => items.length));
      const time = Math.min(longest, model.shape.window);
      const arrays = historyArrays(model.shape, histories, histories.length, time);
      return readValues(() => scoreItems(loaded, historyTensors(arrays, time)));
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
  let scores = new Float64Array(0);
  return {
    score(histories) {
      if (scores.length !== histories.length * items) {
        scores = new Float64Array(histories.length * items);
      }
      histories.forEach((history, place) => {
        const last = Int32Array.from(history.items.slice(-window));
        const times = Float64Array.from(history.times?.slice(-window) ?? last.keys());
        writer.write(scorer, { items: last, times }, { [scale]: row });
        scores.set(row.subarray(1), place * items);
      });
      return scores;
    },
    dispose() {},
  };
}

/** 1 for items without a training action, whatever the history; so for those that the vocabulary lacks. */
export function unseenScorer(trainingCounts: Int32Array): Scorer {
  const row = Float64Array.from(trainingCounts, (count) => (count > 0 ? 0 : 1));
  return {
    score(histories) {
      const scores = new Float64Array(histories.length * row.length);
      histories.forEach((_, place) => {
        scores.set(row, place * row.length);
      });
      return scores;
    },
    ofOthers: 1,
    dispose() {},
  };
}
