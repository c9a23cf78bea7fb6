import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { type Histories, keepRows } from './histories.ts';
import { answerFrom, type RankQuery, type TimeCuts, timeCutQueries } from './split.ts';

/*
 * What is learned from: the newest days, or the newest actions, if the configuration limits them. What is older is left out of
 * training, cases and counts as if nobody had uploaded it; who is served keeps the whole history.
 */

type Limits = Pick<SequencesConfig, 'historyDays' | 'maximumInteractions' | 'split'>;

/** How all times together divide a log, Unix seconds. */
export interface DividedTimes {
  /** Actions at this time and before are not learned from; null: all are. */
  readonly after: number | null;
  /** Null in other splits than that by time. */
  readonly cuts: TimeCuts | null;
}

const day = 86_400;

/**
 * Asks for what it needs of the times of all actions, in ascending order.
 *
 * @param length how many there are, at least one
 * @throws ValidationError if so many actions are at one time that nothing is left
 */
export function* divideTimes(
  length: number,
  limits: Limits,
): Generator<RankQuery, DividedTimes, number> {
  const { historyDays, maximumInteractions, split } = limits;
  let after = Number.NEGATIVE_INFINITY;
  if (historyDays !== null) after = (yield { at: length - 1 }) - historyDays * day;
  if (maximumInteractions !== null && length > maximumInteractions) {
    // All at the time of the newest one that is too many go with it.
    after = Math.max(after, yield { at: length - maximumInteractions - 1 });
  }
  const leftOut = after === Number.NEGATIVE_INFINITY ? 0 : yield { upTo: after };
  if (leftOut === length) {
    throw new ValidationError(
      `More than sequences.maximumInteractions (${maximumInteractions}) actions have the time of the newest one, and none may be left out of them. Raise it.`,
    );
  }
  return {
    after: leftOut === 0 ? null : after,
    cuts: split === 'global-time' ? yield* behind(leftOut, timeCutQueries(length - leftOut)) : null,
  };
}

/** Asks the same of the times behind the first `leftOut`. */
function* behind<Result>(
  leftOut: number,
  queries: Generator<RankQuery, Result, number>,
): Generator<RankQuery, Result, number> {
  let step = queries.next();
  while (!step.done) {
    const query = step.value;
    const isAt = 'at' in query;
    const answer = yield isAt ? { at: query.at + leftOut } : query;
    step = queries.next(isAt ? answer : Math.max(0, answer - leftOut));
  }
  return step.value;
}

/** What of the histories is learned from. @param times of each row of the log, Unix seconds */
export function learnedHistories(
  histories: Histories,
  times: Float64Array,
  limits: Limits,
): { readonly learned: Histories } & DividedTimes {
  const sorted = Float64Array.from(histories.rows, (row) => times[row]!).sort();
  const divided = answerFrom(sorted, divideTimes(sorted.length, limits));
  const { after } = divided;
  const learned = after === null ? histories : keepRows(histories, (row) => times[row]! > after);
  return { learned, ...divided };
}
