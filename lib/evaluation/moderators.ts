import { type EvaluationCases, historyOf } from '#lib/sequences/evaluation-cases.ts';
import type { BlendInput, Moderator } from './blend.ts';

/** `log(1 + seconds)` that counts as usual, and how far from it is far: half a minute is -1, a month 1. */
const usualAbsence = 9;
const spread = 5;

/**
 * How long somebody was away: about -1 in the middle of a visit, 0 after some hours, 1 after months.
 *
 * @param seconds since his last action; undefined if nobody knows, which is as usual
 */
export function absence(seconds: number | undefined): number {
  return seconds === undefined ? 0 : (Math.log1p(Math.max(0, seconds)) - usualAbsence) / spread;
}

/** Each step back in the history counts this much less. */
const decay = 0.8;
/** Log counts above the catalogue's average that are usual for what people take. */
const usualRecency = 1;

/**
 * How much of what is popular now is in a history: below 0 for somebody who is with old things, above 0 for one who takes
 * what everybody takes.
 *
 * @param history item indices, the oldest first
 * @param logCounts of some half-life, `[items]`, item `i` at place `i - 1`
 * @param mean of them, where it is known
 */
export function recency(
  history: ArrayLike<number>,
  logCounts: ArrayLike<number>,
  mean: number = meanOf(logCounts),
): number {
  let sum = 0;
  let total = 1;
  let weight = 1;
  for (let at = history.length - 1; at >= 0 && weight > 1e-4; at--) {
    sum += weight * (logCounts[history[at]! - 1]! - mean);
    total += weight;
    weight *= decay;
  }
  return sum / total - usualRecency;
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let place = 0; place < values.length; place++) sum += values[place]!;
  return sum / Math.max(1, values.length);
}

/**
 * The moderators of cases.
 *
 * @param which place in `counts.halfLives` of the half-life that says what is popular now
 * @param known items that the model's vocabulary has, all by default; of the cases' items there are no others
 */
export function moderatorsOf(
  { cases, components }: Pick<BlendInput, 'cases' | 'components'>,
  which: number,
  known?: number,
): Moderator[] {
  return [
    { name: 'absence', value: (index) => absence(awayFor(cases, index)) },
    {
      name: 'recency',
      value: (index, features) =>
        recency(
          historyOf(cases, index),
          features[components.length + which]!.subarray(1, known && known + 1),
        ),
    },
  ];
}

function awayFor({ offsets, historyTimes, times }: EvaluationCases, index: number) {
  const end = offsets[index + 1]!;
  return end === offsets[index]! ? undefined : times[index]! - historyTimes[end - 1]!;
}
