import { hash32 } from './hash32.ts';

/**
 * Which of a user's actions train and which are held out. A history of `n` actions in time order is cut twice:
 * `[0, trainEnd)` trains, `[trainEnd, validationEnd)` are validation targets, `[validationEnd, n)` test targets. So
 * training never sees an action after a held-out one, and no action is in two parts.
 */
export interface Split {
  /** `[users]` */
  readonly trainEnds: Int32Array;
  /** `[users]` */
  readonly validationEnds: Int32Array;
}

/** What a split needs to know of the histories. */
export interface SplitInput {
  readonly userIds: readonly string[];
  /** `[users + 1]` */
  readonly offsets: Int32Array;
  /** Unix seconds of each action, `[actions]`, ascending within a user. */
  readonly timestamps: Float64Array;
}

/**
 * Each user's last action is the test case, the one before it the validation case; of baskets, all actions of the last
 * and of the one before. A user with fewer than three only trains: nothing of him could be held out without leaving the
 * training part empty.
 */
export function splitLeaveOneOut({ offsets, timestamps }: SplitInput, baskets = false): Split {
  return splitByUser(offsets, (user) => {
    const times = timestamps.subarray(offsets[user]!, offsets[user + 1]!);
    const begins = [...times.keys()].filter(
      (at) => !baskets || at === 0 || times[at] !== times[at - 1],
    );
    return begins.length < 3 ? [times.length, times.length] : [begins.at(-2)!, begins.at(-1)!];
  });
}

/**
 * About a tenth of the users are held out whole for validation, another tenth for test (the protocol of SQN and SA2C,
 * arXiv 2006.05779, section 4.1). Whether a user is held out is a seeded hash of the user id alone: a user who is a
 * test user tonight was one last night as well, so a champion never trained on those it is compared on.
 */
export function splitUsers({ userIds, offsets }: SplitInput, seed: number): Split {
  return splitByUser(offsets, (user) => {
    const length = offsets[user + 1]! - offsets[user]!;
    const fraction = hash32(userIds[user]!, seed) / 2 ** 32;
    if (fraction < 0.1) return [0, length];
    return fraction < 0.2 ? [0, 0] : [length, length];
  });
}

/** Where a split by time cuts, Unix seconds; an action at the very time is in the earlier part. */
export interface TimeCuts {
  readonly lastOfTraining: number;
  readonly lastOfValidation: number;
}

/** Test and validation have this share of the actions each, at most. */
const heldOutShare = 0.1;
/** And no more than so many actions, if those of a whole day are fewer: enough to judge by, and the newest. */
const heldOutActions = 10_000;
/** Seconds. */
const day = 86_400;

/** Answers what is asked of times that are all in one place. @param sorted ascending */
export function answerFrom<Result>(
  sorted: Float64Array,
  queries: Generator<RankQuery, Result, number>,
): Result {
  let step = queries.next();
  while (!step.done) {
    const query = step.value;
    step = queries.next('at' in query ? sorted[query.at]! : countUpTo(sorted, query.upTo));
  }
  return step.value;
}

/** What is asked of times in ascending order: the one at a place from 0, or how many are at most a time. */
export type RankQuery = { readonly at: number } | { readonly upTo: number };

/**
 * The newest actions are for test, those before them for validation: each a tenth of all actions, or 10,000, or those of
 * one day, whichever of the last two is more, if that is less than a tenth. So a large log is judged on its last days, as
 * fresh as production's model is, and a small one has enough to judge by. Actions at the same instant are in the same part.
 * It asks for what it needs of the times, which nobody needs to have in one place.
 *
 * @param length how many times there are
 */
export function* timeCutQueries(length: number): Generator<RankQuery, TimeCuts, number> {
  const most = Math.ceil(heldOutShare * length);
  // The part that ends with the action at `end - 1` begins after the time that this returns.
  function* before(end: number): Generator<RankQuery, number, number> {
    const newest = yield { at: end - 1 };
    const ofOneDay = end - (yield { upTo: newest - day });
    const held = Math.min(most, Math.max(heldOutActions, ofOneDay));
    return yield { at: Math.max(0, end - 1 - held) };
  }
  const lastOfValidation = yield* before(length);
  const validationEnd = yield { upTo: lastOfValidation };
  return { lastOfTraining: yield* before(validationEnd), lastOfValidation };
}

/** Cuts each history at the given times. */
export function splitAt(
  { offsets, timestamps }: Pick<SplitInput, 'offsets' | 'timestamps'>,
  { lastOfTraining, lastOfValidation }: TimeCuts,
): Split {
  return splitByUser(offsets, (user) => {
    const times = timestamps.subarray(offsets[user]!, offsets[user + 1]!);
    return [countUpTo(times, lastOfTraining), countUpTo(times, lastOfValidation)];
  });
}

/** Holds nothing out. */
export function splitNothing({ offsets }: Pick<SplitInput, 'offsets'>): Split {
  return splitByUser(offsets, (user) => {
    const length = offsets[user + 1]! - offsets[user]!;
    return [length, length];
  });
}

/** Test cases at the time of the action before: their order is the tie policy's. */
export function tiedTestCases(
  { offsets, timestamps }: Pick<SplitInput, 'offsets' | 'timestamps'>,
  split: Split,
): number {
  let tied = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    const first = offsets[user]!;
    for (
      let at = Math.max(first + 1, first + split.validationEnds[user]!);
      at < offsets[user + 1]!;
      at++
    ) {
      if (timestamps[at] === timestamps[at - 1]) tied++;
    }
  }
  return tied;
}

/** @param ends where a user's training and validation parts end */
export function splitByUser(
  offsets: Int32Array,
  ends: (user: number) => readonly [number, number],
): Split {
  const users = offsets.length - 1;
  const trainEnds = new Int32Array(users);
  const validationEnds = new Int32Array(users);
  for (let user = 0; user < users; user++) {
    const [trainEnd, validationEnd] = ends(user);
    trainEnds[user] = trainEnd;
    validationEnds[user] = validationEnd;
  }
  return { trainEnds, validationEnds };
}

/** How many of the ascending values are at most `limit`. */
function countUpTo(values: Float64Array, limit: number): number {
  let count = 0;
  let end = values.length;
  while (count < end) {
    const middle = (count + end) >>> 1;
    if (values[middle]! <= limit) count = middle + 1;
    else end = middle;
  }
  return count;
}
