import { hash32 } from './hash.ts';

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
 * Each user's last action is the test case, the one before it the validation case. A user with fewer than three
 * actions only trains: nothing of him could be held out without leaving the training part empty.
 */
export function splitLeaveOneOut({ offsets }: SplitInput): Split {
  return splitByUser(offsets, (user) => {
    const length = offsets[user + 1]! - offsets[user]!;
    return length < 3 ? [length, length] : [length - 2, length - 1];
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

/**
 * Actions up to the 80 % quantile of all timestamps train, those up to the 90 % quantile are validation targets, later
 * ones test targets. Actions at the same instant are in the same part.
 */
export function splitGlobalTime({ offsets, timestamps }: SplitInput): Split {
  const sorted = timestamps.slice().sort();
  const quantile = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  const lastOfTraining = quantile(0.8);
  const lastOfValidation = quantile(0.9);
  return splitByUser(offsets, (user) => {
    const times = timestamps.subarray(offsets[user]!, offsets[user + 1]!);
    return [countUpTo(times, lastOfTraining), countUpTo(times, lastOfValidation)];
  });
}

function splitByUser(
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
  while (count < values.length && values[count]! <= limit) count++;
  return count;
}
