import { PipelineError } from '#lib/contracts/errors.ts';
import { type EvaluationCases, requestOffsets } from '#lib/sequences/evaluation-cases.ts';
import { datedHistory } from './history-arrays.ts';
import type { RecommenderModel } from './model-file.ts';
import { createScorer } from './score.ts';

/** Scores held at once, `[histories, items]`: 16 MiB. */
const scoresAtOnce = 4 * 1024 * 1024;
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
  const { items, window } = model.shape;
  const batch = Math.max(1, Math.min(maximumHistories, Math.floor(scoresAtOnce / items)));
  const scorer = createScorer(model, batch);
  const order = requestOffsets(cases)
    .slice(0, -1)
    .sort((a, b) => times[a]! - times[b]! || a - b);
  const placeOf = new Map(Array.from(order, (index, place) => [index, place]));
  // Requests are visited more than once: their states are small, and most of the work.
  const states: Float32Array[] = []; // [batches][batch, head]
  let first = 0;
  let known = 0;
  let logits: Float32Array = new Float32Array(0); // [known, items]
  const scoreAround = (place: number) => {
    const number = Math.floor(place / batch);
    const some = order.subarray(number * batch, (number + 1) * batch);
    states[number] ??= scorer.states(
      Array.from(some, (index) => datedHistory(cases, index, window)),
    );
    logits = scorer.scoresOf(states[number]);
    const wrong = firstNotFinite(logits, some.length * items);
    if (wrong !== -1) {
      throw new PipelineError(
        'ScoresNotFinite',
        `The model scores item ${1 + (wrong % items)} with ${logits[wrong]} in case ${some[Math.floor(wrong / items)]}: its weights are damaged or its training diverged. Lower learningRate or reinforcementWeight and train again.`,
      );
    }
    first = number * batch;
    known = some.length;
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

/** Place of the first number of so many that is none, -1 if all are. */
function firstNotFinite(values: Float32Array, count: number): number {
  for (let at = 0; at < count; at++) if (!Number.isFinite(values[at]!)) return at;
  return -1;
}
