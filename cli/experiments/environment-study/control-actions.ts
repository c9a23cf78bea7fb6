import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { ItemScores } from '#lib/evaluation/rivals/item-scores.ts';
import { itemNeighbours } from '#lib/evaluation/rivals/pair-scorer.ts';
import type { RandomStream } from '#lib/recommender/random.ts';
import type { ItemTable } from '#lib/sequences/item-table.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { meanOf, permutation } from './control-values.ts';

/** The training rows that were asked about. */
export interface ControlData {
  readonly itemTable: ItemTable;
  readonly shards: readonly SequenceShard[];
  readonly baskets: boolean;
  /** Lists leave out what is in the history, and so do the environment's candidates. */
  readonly excludeHistory: boolean;
}

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
  data: ControlData,
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

/** A transition of a row: the state after `position`, and the item that was taken in it. */
interface Place {
  readonly row: Int32Array;
  readonly times: Float64Array;
  readonly position: number;
  readonly excludeHistory: boolean;
}

/** Whether an item could be an action to copy there. */
function isOpen({ row, position, excludeHistory }: Place, item: number): boolean {
  if (row[position + 1] === item) return false;
  return !excludeHistory || !row.subarray(0, position + 1).includes(item);
}

/**
 * One action at every transition, chosen without the environment. Its chance is the share of them that users take later than
 * their next action, so that it weighs what it is worth; its reward is the mean of the logged actions'.
 *
 * @param choose 0 for none
 */
export function replaceActions(
  answers: readonly AugmentedShard[],
  data: ControlData,
  choose: (place: Place) => number,
): AugmentedShard[] {
  const reward = meanOf(answers, 'rewards');
  const chosen: number[] = [];
  let looked = 0;
  let right = 0;
  for (const place of placesOf(data)) {
    const action = choose(place);
    chosen.push(action);
    const later = place.row.subarray(place.position + 2);
    if (action === 0 || later.length === 0) continue;
    looked++;
    if (later.includes(action)) right++;
  }
  const chance = looked === 0 ? 0 : right / looked;
  let at = 0;
  return withCandidates(answers, data, () => {
    const action = chosen[at++]!;
    if (action === 0) return noCandidates;
    return { items: [action], rewards: [reward], spreads: [0], chances: [chance] };
  });
}

/** The nearest neighbour (item-kNN) that is open there. */
export function nearestUnseen(data: ControlData): (place: Place) => number {
  const neighbours = itemNeighbours(data);
  const scores = new ItemScores(data.itemTable.itemIds.length);
  return (place) => {
    const { row, times, position } = place;
    const end = position + 1;
    scores.clear();
    neighbours.score({ items: row.subarray(0, end), times: times.subarray(0, end) }, scores);
    let best = 0;
    for (const item of scores.touched) {
      const ahead = scores.values[item]! - (best === 0 ? 0 : scores.values[best]!);
      const isBetter = ahead > 0 || (ahead === 0 && item < best);
      if (isBetter && isOpen(place, item)) best = item;
    }
    return best;
  };
}

/** An item drawn as often as it is taken, one that is open there. */
export function drawnByPopularity(
  { itemTable }: ControlData,
  random: RandomStream,
): (place: Place) => number {
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
  return (place) => {
    for (let look = 0; look < tries; look++) {
      const item = draw();
      if (isOpen(place, item)) return item;
    }
    return 0;
  };
}

/** Every transition of the shards, in the order of the answers. */
function* placesOf({ shards, excludeHistory }: ControlData): Generator<Place> {
  for (const { offsets, items, timestamps } of shards) {
    for (let number = 0; number + 1 < offsets.length; number++) {
      const row = items.subarray(offsets[number]!, offsets[number + 1]!);
      const times = timestamps.subarray(offsets[number]!, offsets[number + 1]!);
      for (let position = 0; position + 1 < row.length; position++) {
        yield { row, times, position, excludeHistory };
      }
    }
  }
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
  data: ControlData,
  listOf: (place: Place) => CandidateList,
): AugmentedShard[] {
  const places = placesOf(data);
  return answers.map((answer) => {
    const lists = Array.from(answer.rewards, () => listOf(places.next().value as Place));
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
