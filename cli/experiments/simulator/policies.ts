import type { HistoryScorer } from '#lib/evaluation/rivals/history-scorer.ts';
import { ItemScores } from '#lib/evaluation/rivals/item-scores.ts';
import type { RecommenderModel } from '#lib/recommender/model-file.ts';
import { type RandomStream, shuffle } from '#lib/recommender/random.ts';
import { createScorer } from '#lib/recommender/score.ts';
import { topItems } from '#lib/serving/top-items.ts';
import { costOf, expectedReward, satisfaction, utility } from './dynamics.ts';
import type { UserState, World } from './world.ts';

/** Somebody who asks for a list. */
export interface Visitor {
  /** World's items that he took, the oldest first. */
  readonly items: readonly number[];
  /** Unix seconds of each. */
  readonly times: readonly number[];
  /** Unix seconds. */
  readonly now: number;
  /** For policies that draw. */
  readonly random: RandomStream;
  /** The truth, for policies that know it. */
  readonly state: UserState;
}

/** What decides lists. */
export interface Policy {
  readonly name: string;
  /** @returns a list for each visitor, world's items, best first */
  choose(visitors: readonly Visitor[]): Int32Array[];
  dispose?(): void;
}

/** What recommenders know of items: the vocabulary that they were trained with. */
export interface Vocabulary {
  /** World's item by place, that of index `i` at `i - 1`. */
  readonly numbers: Int32Array;
  /** Training actions, likewise. */
  readonly counts: Int32Array;
  /** Lists leave the history out. */
  readonly excludeHistory: boolean;
  readonly slate: number;
}

/** Visitors whom a network scores at a time. */
const batch = 128;

/** The served list: the product's order, without the history where lists leave it out. */
function listOf(
  { numbers, slate, excludeHistory }: Vocabulary,
  scores: Float32Array | Float64Array,
  history: readonly number[],
): Int32Array {
  const best = topItems(scores, slate, new Set(excludeHistory ? history : []));
  return best.map((item) => numbers[item - 1]!);
}

/** Indices of the vocabulary; what is not in it is unknown to a recommender, and left out of its history. */
function indicesOf({ numbers }: Vocabulary): (items: readonly number[]) => number[] {
  const index = new Map([...numbers].map((item, at) => [item, at + 1]));
  return (items) => items.flatMap((item) => index.get(item) ?? []);
}

/** Lists drawn among the items of the vocabulary. */
export function randomPolicy(vocabulary: Vocabulary): Policy {
  const index = indicesOf(vocabulary);
  const { numbers } = vocabulary;
  return {
    name: 'random',
    choose: (visitors) =>
      visitors.map(({ items, random }) => {
        const order = shuffle(Int32Array.from(numbers.keys()), random);
        const scores = new Float64Array(numbers.length);
        order.forEach((item, place) => {
          scores[item] = -place;
        });
        return listOf(vocabulary, scores, index(items));
      }),
  };
}

/** What is taken most in the training actions. */
export function popularPolicy(vocabulary: Vocabulary): Policy {
  const index = indicesOf(vocabulary);
  const counts = Float64Array.from(vocabulary.counts);
  return {
    name: 'popularity',
    choose: (visitors) => visitors.map(({ items }) => listOf(vocabulary, counts, index(items))),
  };
}

/** A rival of the product; of what it says nothing of, the most popular first. */
export function rivalPolicy(scorer: HistoryScorer, vocabulary: Vocabulary): Policy {
  const index = indicesOf(vocabulary);
  const { counts } = vocabulary;
  const evidence = new ItemScores(counts.length);
  const popular = Float64Array.from(counts, (count) => 1e-9 * count);
  return {
    name: scorer.kind,
    choose: (visitors) =>
      visitors.map(({ items, times }) => {
        const history = index(items);
        evidence.clear();
        // Times of items that are unknown would be too many; the order is all that matters without baskets.
        const dated = Float64Array.from(history.keys(), (at) => times[at]!);
        scorer.score({ items: Int32Array.from(history), times: dated }, evidence);
        const scores = popular.slice();
        for (const item of evidence.touched) scores[item - 1]! += evidence.values[item]!;
        return listOf(vocabulary, scores, history);
      }),
  };
}

/** A trained recommender, scored and ordered as it is served; who has no history gets what is popular. */
export function networkPolicy(
  name: string,
  network: RecommenderModel,
  vocabulary: Vocabulary,
): Policy {
  const index = indicesOf(vocabulary);
  const scorer = createScorer(network);
  const popular = Float64Array.from(vocabulary.counts);
  const { length } = vocabulary.numbers;
  return {
    name,
    choose(visitors) {
      const lists: Int32Array[] = [];
      for (let begin = 0; begin < visitors.length; begin += batch) {
        const some = visitors.slice(begin, begin + batch);
        const histories = some.map(({ items }) => index(items));
        const scores = scorer.score(
          histories.map((items) => ({ items, times: undefined, request: undefined })),
        ); // [some, items]
        histories.forEach((history, line) => {
          const own = scores.subarray(line * length, (line + 1) * length);
          lists.push(listOf(vocabulary, history.length === 0 ? popular : own, history));
        });
      }
      return lists;
    },
    dispose: scorer.dispose,
  };
}

/** Rounds within which the best list of a logit choice is found; it usually takes three. */
const rounds = 20;

/**
 * Knows every number of the world: the list with the greatest expected value for the next request,
 * `sum_i P(i) w_i + P(nothing) w_0`, `w` the expected reward less `worth` times the patience that it costs. The best list of a
 * logit choice has the largest `e^v(i) (w_i - value)` (Dinkelbach's method for a ratio). With `worth` 0 it knows nothing of
 * later requests; above, a session that goes on is worth something.
 *
 * @param worth reward that a unit of patience is worth
 */
export function informedPolicy(name: string, world: World, worth: number): Policy {
  const { items, slate, nothing, disappointment } = world.settings;
  const listFor = (state: UserState) => {
    const weights = Float64Array.from({ length: items }, (_, item) =>
      Math.exp(utility(world, state, item)),
    );
    const values = Float64Array.from(
      { length: items },
      (_, item) =>
        expectedReward(world, state, item) -
        worth * costOf(world, satisfaction(world, state, item)),
    );
    const none = Math.exp(nothing);
    let value = -worth * (1 + disappointment);
    let list = new Int32Array(0);
    for (let round = 0; round < rounds; round++) {
      const gains = weights.map((weight, item) => weight * (values[item]! - value));
      list = topItems(gains, slate).map((item) => item - 1) as Int32Array<ArrayBuffer>;
      let mass = none;
      let sum = -none * worth * (1 + disappointment);
      for (const item of list) {
        mass += weights[item]!;
        sum += weights[item]! * values[item]!;
      }
      const better = sum / mass;
      if (better <= value + 1e-12) break;
      value = better;
    }
    return list;
  };
  return { name, choose: (visitors) => visitors.map(({ state }) => listFor(state)) };
}
