import { PipelineError } from '#lib/contracts/errors.ts';
import { type EvaluationCases, requestOffsets } from '#lib/sequences/evaluation-cases.ts';
import { datedHistory } from './history-arrays.ts';
import type { RecommenderModel } from './model-file.ts';
import { createScorer, type ModelScorer } from './score.ts';

/** Scores held at once, `[histories, items]`: 16 MiB. */
const scoresAtOnce = 4 * 1024 * 1024;
/** Histories that are encoded, and states that are scored, at once. */
const maximumHistories = 256;

/** A network as what a blend adds up: logits of the supervised head. `dispose` frees its tensors. */
export interface NetworkComponent {
  readonly name: 'network';
  /**
   * Writes the logits of all items for a case's history; `scores` is `[items + 1]`, place 0 is left alone. Requests that
   * are asked for in the order of `times` are scored many at once.
   */
  write(index: number, scores: Float64Array): void;
  dispose(): void;
}

/**
 * Puts a model on the active TF.js backend.
 *
 * @param times when each case is asked for, `[cases]`: see `sweepCounts`
 */
export function networkComponent(
  model: RecommenderModel,
  cases: EvaluationCases,
  times: Float64Array,
): NetworkComponent {
  const { items } = model.shape;
  const batch = Math.max(1, Math.min(maximumHistories, Math.floor(scoresAtOnce / items)));
  const scorer = createScorer(model);
  const order = requestOffsets(cases)
    .slice(0, -1)
    .sort((a, b) => times[a]! - times[b]! || a - b);
  const placeOf = new Map(Array.from(order, (index, place) => [index, place]));
  // Requests are visited more than once: their states are small, and most of the work.
  let states: Float32Array | undefined; // [requests, head]
  let first = 0;
  let known = 0;
  let logits: Float32Array = new Float32Array(0); // [known, items]
  const scoreAround = (place: number) => {
    states ??= encode(scorer, model.shape.window, cases, order);
    first = place - (place % batch);
    known = Math.min(batch, order.length - first);
    const width = states.length / order.length;
    logits = scorer.scoresOf(states.subarray(first * width, (first + known) * width), known);
    const wrong = firstNotFinite(logits);
    if (wrong !== -1) {
      throw new PipelineError(
        'ScoresNotFinite',
        `The model scores item ${1 + (wrong % items)} with ${logits[wrong]} in case ${order[first + Math.floor(wrong / items)]}: its weights are damaged or its training diverged. Lower learningRate or reinforcementWeight and train again.`,
      );
    }
  };
  return {
    name: 'network',
    write(index, scores) {
      const place = placeOf.get(index)!;
      if (place < first || place >= first + known) scoreAround(place);
      const begin = (place - first) * items;
      for (let item = 1; item <= items; item++) scores[item] = logits[begin + item - 1]!;
    },
    dispose: () => scorer.dispose(),
  };
}

/**
 * States of all requests. The shortest histories come first, so that few are encoded with more places than they have.
 *
 * @param requests cases, `[requests]`
 * @returns in the order of `requests`, `[requests, head]`
 */
function encode(
  scorer: ModelScorer,
  window: number,
  cases: EvaluationCases,
  requests: Int32Array,
): Float32Array {
  const histories = Array.from(requests, (index) => datedHistory(cases, index, window));
  const byLength = Int32Array.from(histories.keys()).sort(
    (a, b) => histories[a]!.items.length - histories[b]!.items.length || a - b,
  );
  let all: Float32Array | undefined;
  for (let begin = 0; begin < byLength.length; begin += maximumHistories) {
    const some = byLength.subarray(begin, begin + maximumHistories);
    const own = scorer.states(Array.from(some, (place) => histories[place]!)); // [some, head]
    const width = own.length / some.length;
    all ??= new Float32Array(requests.length * width);
    for (const [line, place] of some.entries()) {
      all.set(own.subarray(line * width, (line + 1) * width), place * width);
    }
  }
  return all!;
}

/** Place of the first number that is none, -1 if all are. */
function firstNotFinite(values: Float32Array): number {
  for (let at = 0; at < values.length; at++) if (!Number.isFinite(values[at]!)) return at;
  return -1;
}
