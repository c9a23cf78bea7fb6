import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import {
  type CopiedFrom,
  copyActions,
  isOpen,
  type Transition,
  transitionsOf,
} from '#lib/evaluation/copied-actions.ts';
import type { RandomStream } from '#lib/recommender/random.ts';
import { meanOf, permutation } from './control-values.ts';

/** Candidates of one transition. */
interface CandidateList {
  readonly items: readonly number[];
  readonly rewards: readonly number[];
  readonly spreads: readonly number[];
  readonly chances: readonly number[];
}

const noCandidates: CandidateList = { items: [], rewards: [], spreads: [], chances: [] };

/** Other transitions whose candidates are looked at for one that cannot have those it was dealt. */
const tries = 100;

/**
 * Deals candidates out anew. A transition that would get its own logged action, or what its user has taken where lists leave
 * that out, is dealt another one's of those that are left; where none of them fits, it has none.
 */
export function permuteActions(
  answers: readonly AugmentedShard[],
  data: CopiedFrom,
  random: RandomStream,
): AugmentedShard[] {
  const lists = answers.flatMap(candidateLists);
  const order = permutation(lists.length, random);
  let at = 0;
  return withCandidates(answers, data, (place) => {
    const own = at++;
    const fits = (from: number) => lists[order[from]!]!.items.every((item) => isOpen(place, item));
    for (let look = 0; look < tries; look++) {
      const from = look === 0 ? own : own + random.integer(order.length - own);
      if (!fits(from)) continue;
      [order[own], order[from]] = [order[from]!, order[own]!];
      return lists[order[own]!]!;
    }
    return noCandidates;
  });
}

/**
 * One action at every transition, chosen without the environment. Its chance is the share of them that users take later than
 * their next action, so that it weighs what it is worth; its reward is the mean of the logged actions'.
 *
 * @param choose 0 for none
 */
export function replaceActions(
  answers: readonly AugmentedShard[],
  data: CopiedFrom,
  choose: (place: Transition) => number,
): AugmentedShard[] {
  const reward = meanOf(answers, 'rewards');
  const { actions, chance } = copyActions(data, choose);
  let at = 0;
  return withCandidates(answers, data, () => {
    const action = actions[at++]!;
    if (action === 0) return noCandidates;
    return { items: [action], rewards: [reward], spreads: [0], chances: [chance] };
  });
}

/** An item drawn as often as it is taken, one that is open there. */
export function drawnByPopularity(
  { itemTable }: CopiedFrom,
  random: RandomStream,
): (place: Transition) => number {
  const ends = new Float64Array(itemTable.counts.length); // actions of items 1 to i + 1
  let actions = 0;
  itemTable.counts.forEach((count, at) => {
    actions += count;
    ends[at] = actions;
  });
  const draw = () => {
    const drawn = random.integer(Math.max(1, actions));
    let low = 0;
    let high = ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return low + 1;
  };
  return openOne(draw);
}

/** Any item that is open there. */
export const drawnUniformly = ({ itemTable }: CopiedFrom, random: RandomStream) =>
  openOne(() => 1 + random.integer(itemTable.counts.length));

/** The first of what is drawn that is open, 0 where many are not. */
function openOne(draw: () => number): (place: Transition) => number {
  return (place) => {
    for (let look = 0; look < tries; look++) {
      const item = draw();
      if (isOpen(place, item)) return item;
    }
    return 0;
  };
}

function candidateLists(answer: AugmentedShard): CandidateList[] {
  const { candidateOffsets, candidates } = answer;
  return Array.from(answer.rewards, (_, transition) => {
    const range = [candidateOffsets[transition]!, candidateOffsets[transition + 1]!] as const;
    return {
      items: [...candidates.subarray(...range)],
      rewards: [...answer.candidateRewards.subarray(...range)],
      spreads: [...answer.candidateRewardSpreads.subarray(...range)],
      chances: [...answer.candidateChances.subarray(...range)],
    };
  });
}

/** The answers with other candidates, which `listOf` gives one transition after the other. */
function withCandidates(
  answers: readonly AugmentedShard[],
  data: CopiedFrom,
  listOf: (place: Transition) => CandidateList,
): AugmentedShard[] {
  const places = transitionsOf(data);
  return answers.map((answer) => {
    const lists = Array.from(answer.rewards, () => listOf(places.next().value as Transition));
    const candidateOffsets = new Int32Array(lists.length + 1);
    lists.forEach(({ items }, at) => {
      candidateOffsets[at + 1] = candidateOffsets[at]! + items.length;
    });
    const numbers = (valuesOf: (list: CandidateList) => readonly number[]) =>
      Float32Array.from(lists.flatMap(valuesOf));
    return {
      ...answer,
      candidateOffsets,
      candidates: Int32Array.from(lists.flatMap(({ items }) => items)),
      candidateRewards: numbers(({ rewards }) => rewards),
      candidateRewardSpreads: numbers(({ spreads }) => spreads),
      candidateChances: numbers(({ chances }) => chances),
    };
  });
}
