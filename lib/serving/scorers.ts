import { rareItemsFrom } from '#lib/evaluation/blend.ts';
import type { HistoryView } from '#lib/evaluation/rivals/history-scorer.ts';
import { writeVector } from '#lib/recommender/coded-scores.ts';
import { supervisedNumbers } from '#lib/recommender/heads.ts';
import type { DatedHistory } from '#lib/recommender/history-arrays.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import { type LoadedModel, loadModel, scoreAll, statesAfter } from '#lib/recommender/score.ts';

/** What somebody took, as far as a model knows it: item indices, at least one. */
export interface KnownHistory extends DatedHistory {
  readonly items: readonly number[];
  readonly times: readonly number[] | undefined;
}

/** Scores of items as they come from a network, or from what is counted. */
export type Scores = Float32Array | Float64Array;

/** A network on the active TF.js backend. */
export interface Network {
  /** `[items, head]`: what states are multiplied with; undefined for items that are made of parts. */
  readonly kernel: Float32Array | undefined;
  /** `[items]`, added to the products. */
  readonly bias: Float32Array | undefined;
  /** Size of a state. */
  readonly dimension: number;
  /** States after histories, `[histories, head]`; only as many places as the longest history needs. */
  states(histories: readonly KnownHistory[]): Float32Array;
  /** Logits of the supervised head, `[histories, items]`; item `i` at place `i - 1`. */
  scoreAll(states: Float32Array): Float32Array;
  /** The mean score of rare items, what is thought of those that the vocabulary lacks. */
  scoreOfRare(state: Float32Array): number;
  /** Frees the backend's memory. */
  dispose(): void;
}

/** @param scoresAll whether `scoreAll` will be called */
export function loadNetwork(model: RecommenderModel, scoresAll: boolean): Network {
  const loaded = loadModel(model, { scoresAll });
  const { kernel, bias, dimension, writeRow } = headOf(model, loaded);
  let rare: Float64Array | undefined;
  return {
    kernel,
    bias,
    dimension,
    states: (histories) => statesAfter(loaded, histories),
    scoreAll: (states) => scoreAll(loaded, states, states.length / dimension),
    scoreOfRare(state) {
      rare ??= meanOfRare(model.shape.items, dimension, writeRow, bias);
      return state.reduce((sum, value, at) => sum + value * rare![at]!, rare[dimension]!);
    },
    dispose: loaded.dispose,
  };
}

/** The supervised head in plain memory; `writeRow` writes the vector of a row, `[head]`. */
function headOf(model: RecommenderModel, { coded }: LoadedModel) {
  if (coded !== undefined) {
    return {
      kernel: undefined,
      bias: coded.bias,
      dimension: coded.dimension,
      writeRow: (row: number, to: Float32Array) => writeVector(coded, row, to),
    };
  }
  const { kernel, bias } = supervisedNumbers(model.weights);
  const dimension = kernel.shape[1]!;
  const values = kernel.values as Float32Array;
  return {
    kernel: values,
    bias: bias?.values as Float32Array | undefined,
    dimension,
    writeRow: (row: number, to: Float32Array) =>
      to.set(values.subarray(row * dimension, (row + 1) * dimension)),
  };
}

/** The mean vector of rare items, and their mean bias, `[head + 1]`. */
function meanOfRare(
  items: number,
  dimension: number,
  writeRow: (row: number, to: Float32Array) => void,
  bias: Float32Array | undefined,
): Float64Array {
  const begin = rareItemsFrom(items);
  const mean = new Float64Array(dimension + 1);
  const vector = new Float32Array(dimension);
  for (let item = begin; item < items; item++) {
    writeRow(item, vector);
    for (let at = 0; at < dimension; at++) mean[at]! += vector[at]!;
    mean[dimension]! += bias?.[item] ?? 0;
  }
  return mean.map((sum) => sum / (items - begin));
}

/** The last items of a history that tell histories' components anything. Without times, every action is a step of its own. */
export function viewOf(history: KnownHistory, window: number): HistoryView {
  const items = Int32Array.from(history.items.slice(-window));
  return { items, times: Float64Array.from(history.times?.slice(-window) ?? items.keys()) };
}
