import type { ActionTable } from './actions.ts';
import { type CaseOptions, cutCases } from './cases.ts';
import type { EvaluationCases } from './evaluation-cases.ts';
import { hash32 } from './hash.ts';
import { type Split, splitByUser } from './split.ts';

/** Cases of what arrived, at most, unless one user has more: enough to tell rankers apart. */
const arrivedCasesMost = 20_000;
/** Seed of the hash by which users are left out where there are more. */
const sampleSeed = 29;

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
  const all = splitAfter(actions, since);
  return cutCases(actions, sampleUsers(actions, all, most), 'test', options);
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

/** Takes users in the order of their hashes until they have enough; of the others nothing is held out. */
function sampleUsers({ userIds, offsets }: ActionTable, all: Split, most: number): Split {
  const lengthOf = (user: number) => offsets[user + 1]! - offsets[user]!;
  const casesOf = (user: number) => {
    const before = all.validationEnds[user]!;
    // Without any history the first action is no case.
    return lengthOf(user) - Math.max(before, 1);
  };
  const order = userIds
    .map((id, user) => ({ user, cases: casesOf(user), hash: hash32(id, sampleSeed) }))
    .filter(({ cases }) => cases > 0)
    .sort((a, b) => a.hash - b.hash || a.user - b.user);
  const taken = new Set<number>();
  let cases = 0;
  for (const next of order) {
    if (cases > 0 && cases + next.cases > most) break;
    cases += next.cases;
    taken.add(next.user);
  }
  return splitByUser(offsets, (user) => {
    const end = taken.has(user) ? all.validationEnds[user]! : lengthOf(user);
    return [end, end];
  });
}
