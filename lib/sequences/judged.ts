import type { ActionTable } from './actions.ts';
import { countUserCases, type HeldOutPart } from './cases.ts';
import { hash32 } from './hash32.ts';
import type { Split } from './split.ts';

/*
 * How good a ranker is can be told from some of the users as well as from all of them. Where more is held out than has to be
 * ranked, whole users are left out, by a hash of their ids: the same ones whoever counts, and mostly the same ones every
 * night. Users are put into classes by the hash, so that counts of all users add up to few numbers.
 */

/** Classes of users. */
export const judgedClasses = 4096;
const classBits = 12;
const seed = 37;

/** How many held-out cases users of each class have, `[judgedClasses]`. */
export type CaseCounts = Readonly<Record<HeldOutPart, readonly number[]>>;

/** Who is judged: users of the classes below these. */
export interface JudgedUsers extends Readonly<Record<HeldOutPart, number>> {
  /** Held-out cases of those who are not, validation and test together. */
  readonly leftOut: number;
}

const classOf = (user: string): number => hash32(user, seed) >>> (32 - classBits);

/** Counts the cases of a table's users. */
export function countCases(actions: ActionTable, split: Split, baskets: boolean): CaseCounts {
  const count = (part: HeldOutPart) => {
    const counts = new Array<number>(judgedClasses).fill(0);
    actions.userIds.forEach((id, user) => {
      const own = countUserCases(actions, split, part, baskets, user);
      if (own > 0) counts[classOf(id)]! += own;
    });
    return counts;
  };
  return { validation: count('validation'), test: count('test') };
}

/** The counts of both. */
export const addCaseCounts = (a: CaseCounts, b: CaseCounts): CaseCounts => ({
  validation: a.validation.map((count, at) => count + b.validation[at]!),
  test: a.test.map((count, at) => count + b.test[at]!),
});

/**
 * As many classes, from the first on, as have at most so many cases; at least the first that has any.
 *
 * @param counts of all users
 * @param most `sequences.maximumCases`
 */
export function chooseJudged(counts: CaseCounts, most: number): JudgedUsers {
  const choose = (part: readonly number[]) => {
    let taken = 0;
    for (const [at, count] of part.entries()) {
      if (taken > 0 && taken + count > most) return at;
      taken += count;
    }
    return judgedClasses;
  };
  const judged = { validation: choose(counts.validation), test: choose(counts.test) };
  const leftOut = (part: HeldOutPart) =>
    counts[part].slice(judged[part]).reduce((sum, count) => sum + count, 0);
  return { ...judged, leftOut: leftOut('validation') + leftOut('test') };
}

/** Whether a user is judged. */
export const isJudged = (judged: JudgedUsers, part: HeldOutPart, user: string): boolean =>
  judged[part] === judgedClasses || classOf(user) < judged[part];
