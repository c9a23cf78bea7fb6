import type { ActionTable } from './actions.ts';
import { type CaseOptions, cutCases } from './cases.ts';
import type { EvaluationCases } from './evaluation-cases.ts';
import { hash32 } from './hash32.ts';
import { type Split, splitByUser } from './split.ts';

/** Cases of what arrived, at most, unless one user has more: enough to tell rankers apart. */
const arrivedCasesMost = 20_000;
/** Seed of the hash by which users are left out where there are more. */
const sampleSeed = 29;

/** A user with cases, in the order in which users are taken. */
export interface ArrivedUser {
  readonly id: string;
  readonly hash: number;
  readonly cases: number;
}

/** The first user, in that order, who is not taken. */
export type LeftOut = Pick<ArrivedUser, 'id' | 'hash'>;

/**
 * Cases of the actions that were taken after a time, each with the history right before it: what the model that was in
 * service then is scored on. Where there are too many, whole users are left out, by a hash of their ids.
 *
 * @param actions of everybody who is judged, in the run's vocabulary
 * @param since Unix seconds; an action at the very time belongs to those before
 */
export function cutArrived(
  actions: ActionTable,
  since: number,
  options: CaseOptions,
  most = arrivedCasesMost,
): EvaluationCases {
  const leftOut = firstLeftOut(arrivedUsers(actions, since, most), most);
  return cutArrivedUsers(actions, since, leftOut, options);
}

/**
 * Users with cases, in the order in which they are taken, as far as any may be taken, and the first who may not.
 *
 * @param actions of all users, or of some
 */
export function arrivedUsers(
  actions: ActionTable,
  since: number,
  most = arrivedCasesMost,
): ArrivedUser[] {
  const { userIds, offsets } = actions;
  const { validationEnds } = splitAfter(actions, since);
  const users = userIds
    .map((id, user) => {
      const length = offsets[user + 1]! - offsets[user]!;
      // Without any history the first action is no case.
      const cases = length - Math.max(validationEnds[user]!, 1);
      return { id, hash: hash32(id, sampleSeed), cases };
    })
    .filter(({ cases }) => cases > 0);
  return firstOf(users, most);
}

/** Those of all users, in any order, who may be taken, in order, and the first who may not. */
export function firstOf(users: readonly ArrivedUser[], most = arrivedCasesMost): ArrivedUser[] {
  const inOrder = users.toSorted(inTakingOrder);
  return inOrder.slice(0, countTaken(inOrder, most) + 1);
}

/** @param users of all who have cases, in any order, as far as `arrivedUsers` names them */
export function firstLeftOut(
  users: readonly ArrivedUser[],
  most = arrivedCasesMost,
): LeftOut | null {
  const inOrder = users.toSorted(inTakingOrder);
  const next = inOrder[countTaken(inOrder, most)];
  return next === undefined ? null : { id: next.id, hash: next.hash };
}

/** Cases of the users who come before the first that is left out. */
export function cutArrivedUsers(
  actions: ActionTable,
  since: number,
  leftOut: LeftOut | null,
  options: CaseOptions,
): EvaluationCases {
  const { userIds, offsets } = actions;
  const all = splitAfter(actions, since);
  const taken = splitByUser(offsets, (user) => {
    const own = { id: userIds[user]!, hash: hash32(userIds[user]!, sampleSeed) };
    const isTaken = leftOut === null || inTakingOrder(own, leftOut) < 0;
    const end = isTaken ? all.validationEnds[user]! : offsets[user + 1]! - offsets[user]!;
    return [end, end];
  });
  return cutCases(actions, taken, 'test', options);
}

const inTakingOrder = (a: LeftOut, b: LeftOut) =>
  a.hash - b.hash || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** How many users are taken, of those in order: until there are enough cases, but at least one. */
function countTaken(users: readonly ArrivedUser[], most: number): number {
  let cases = 0;
  for (const [taken, next] of users.entries()) {
    if (cases > 0 && cases + next.cases > most) return taken;
    cases += next.cases;
  }
  return users.length;
}

/** Everything up to a time trains, what comes after is for test. */
function splitAfter({ offsets, timestamps }: ActionTable, since: number): Split {
  return splitByUser(offsets, (user) => {
    const [first, end] = [offsets[user]!, offsets[user + 1]!];
    let before = first;
    while (before < end && timestamps[before]! <= since) before++;
    return [before - first, before - first];
  });
}
