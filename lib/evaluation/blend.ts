import type { CountingPlan } from '#lib/popularity/as-of.ts';
import { sweepCounts } from '#lib/popularity/as-of.ts';
import { LogCounts } from '#lib/popularity/log-counts.ts';
import {
  type EvaluationCases,
  requestOffsets,
  takenBefore,
} from '#lib/sequences/evaluation-cases.ts';
import { Shortlist } from './shortlist.ts';

/*
 * One form for everything that ranks:
 *
 *   score(item | history, t) = sum_k w_k s_k(item | history) + sum_h v_h log(c_h(item, t) + epsilon)
 *
 * or, where the weights follow the request, w_k + sum_m z_m w_mk for w_k and the same for v_h, z_m its moderators.
 * s_k are components (a network, rules, neighbours), c_h decayed counts of everybody's actions before t. Popularity is
 * no component and all time; a network that knows nothing of time is a component and no counts.
 */

/** Scores every item for a history; on a log scale, so that adding is combining. */
export interface Component {
  readonly name: string;
  /**
   * Writes the scores for a case's history. Cases of one request are asked for once, in ascending order of the time
   * for which counts are read.
   *
   * @param index a case
   * @param scores `[items + 1]`, all but place 0 to be written
   */
  write(index: number, scores: Float64Array): void;
  /** What it says of items beyond its vocabulary; by default the mean of its rare ones. */
  readonly ofOthers?: number;
}

/** Decayed counts that take part: their half-lives in seconds (`Infinity`: all time) and epsilon. */
export interface CountTerms {
  readonly halfLives: readonly number[];
  readonly epsilon: number;
}

/**
 * A number that says something of a request, about 0 on average, with which all weights change: after a long absence
 * what is popular today counts more than what was taken last.
 */
export interface Moderator {
  readonly name: string;
  /**
   * @param index a case
   * @param features the request's rows of numbers, see `visitRequests`
   */
  value(index: number, features: readonly Float64Array[]): number;
}

/** Share of a vocabulary, the least frequent items, whose mean score an item has that the components do not know. */
const rareShare = 0.2;

/** Place of the first rare item of a vocabulary, which is ordered by frequency. */
export function rareItemsFrom(items: number): number {
  return Math.floor(items * (1 - rareShare));
}

/** What a component thinks of rare items on average. */
export function meanOfTail(values: Float32Array | Float64Array): number {
  const begin = rareItemsFrom(values.length);
  let sum = 0;
  for (let at = begin; at < values.length; at++) sum += values[at]!;
  return sum / (values.length - begin);
}

/** Cases, and what their items are scored by. */
export interface BlendInput {
  readonly cases: EvaluationCases;
  /** What is counted for each **case**. */
  readonly counting: CountingPlan;
  /** Size of the vocabulary. */
  readonly items: number;
  readonly excludeHistory: boolean;
  readonly components: readonly Component[];
  readonly counts: CountTerms;
  /** What the weights follow; by default nothing. */
  readonly moderators?: readonly Moderator[];
}

/**
 * Weights of the components, then of the half-lives, `[components + halfLives]`; then the same for each moderator,
 * `[1 + moderators, components + halfLives]`.
 */
export type BlendWeights = Float64Array;

/** What a ranker says about cases. */
export interface RankedLists {
  /** Place of each case's target in its list, from 1; 0 if it was left out of it or nobody knows it, `[cases]`. */
  readonly ranks: Int32Array;
  /** The first items of each case's list, 0 where there are no more, `[cases, listLength]`. */
  readonly lists: Int32Array;
  readonly listLength: number;
}

/**
 * Visits each request once, in the order in which its counts are read.
 *
 * @param visit gets the request's first case, the case after its last, a row of numbers for each component and
 *   half-life, `[components + halfLives][items + 1]`, and 1 before the values of the moderators; both are overwritten by
 *   the next visit
 * @param cases first cases of the requests to visit, all by default
 */
export function visitRequests(
  input: BlendInput,
  visit: (
    begin: number,
    end: number,
    features: readonly Float64Array[],
    moderation: Float64Array,
  ) => void,
  cases?: Int32Array,
): void {
  const { components, counts, items, moderators = [] } = input;
  const offsets = requestOffsets(input.cases);
  const ends = new Map(Array.from(offsets.subarray(1), (end, at) => [offsets[at]!, end]));
  const logs = counts.halfLives.map(() => new LogCounts(items, counts.epsilon));
  const features = [
    ...components.map(() => new Float64Array(items + 1)),
    ...logs.map(({ row }) => row),
  ];
  const moderation = new Float64Array(1 + moderators.length).fill(1);
  sweepCounts(
    input.counting,
    items,
    counts.halfLives,
    (begin, decayed, time) => {
      components.forEach((component, at) => {
        component.write(begin, features[at]!);
      });
      logs.forEach((log, which) => {
        log.write(decayed, which, time);
      });
      moderators.forEach((moderator, at) => {
        moderation[1 + at] = moderator.value(begin, features);
      });
      visit(begin, ends.get(begin)!, features, moderation);
    },
    cases ?? offsets.subarray(0, -1),
  );
}

/**
 * Ranks all cases with several blends at once, among all items and in the order of serving: score descending, then
 * item index ascending, without the history where lists leave it out.
 *
 * @param blends each gives the weights for a case, so that a case can be ranked with weights that never saw its user
 * @param lengths items of a list, of each blend or of all; 0 for ranks alone
 */
export function rankBlends(
  input: BlendInput,
  blends: readonly ((index: number) => BlendWeights)[],
  lengths: number | readonly number[] = 10,
): RankedLists[] {
  const cases = input.cases.targets.length;
  const ranked = blends.map((_, which) => {
    const listLength = typeof lengths === 'number' ? lengths : lengths[which]!;
    return {
      ranks: new Int32Array(cases),
      lists: new Int32Array(cases * listLength),
      listLength,
      top: new Shortlist(listLength),
    };
  });
  const scores = new Float64Array(input.items + 1);
  visitRequests(input, (begin, end, features, moderation) => {
    const taken = input.excludeHistory ? takenBefore(input.cases, begin) : new Set<number>();
    blends.forEach((weightsOf, which) => {
      combine(features, moderate(weightsOf(begin), moderation), scores);
      for (const item of taken) scores[item] = Number.NEGATIVE_INFINITY;
      const { ranks, lists, listLength, top } = ranked[which]!;
      if (listLength > 0) listTop(scores, top);
      for (let index = begin; index < end; index++) {
        const target = input.cases.targets[index]!;
        const isShown = target >= 1 && target <= input.items && !taken.has(target);
        ranks[index] = isShown ? placeOf(target, scores) : 0;
        lists.set(top.items, index * listLength);
      }
    });
  });
  return ranked.map(({ ranks, lists, listLength }) => ({ ranks, lists, listLength }));
}

/**
 * The weights of one request, `weights[k] + sum_m moderation[m] weights[m, k]`, none below 0.
 *
 * @returns `[components + halfLives]`
 */
function moderate(weights: BlendWeights, moderation: Float64Array): BlendWeights {
  const size = weights.length / moderation.length;
  if (moderation.length === 1) return weights;
  return Float64Array.from({ length: size }, (_, k) =>
    Math.max(
      0,
      moderation.reduce((sum, value, m) => sum + value * weights[m * size + k]!, 0),
    ),
  );
}

/**
 * `scores[item] = sum_k weights[k] features[k][item]`, summed in the order of `k`. Three rows are added at a time, so that the
 * sums are read and written a third as often.
 */
function combine(
  features: readonly Float64Array[],
  weights: BlendWeights,
  scores: Float64Array,
): void {
  const { length } = scores;
  scores.fill(0);
  const counted = features.map((_, at) => at).filter((at) => weights[at] !== 0);
  let next = 0;
  for (; next + 3 <= counted.length; next += 3) {
    const [a, b, c] = counted.slice(next, next + 3) as [number, number, number];
    const [first, second, third] = [features[a]!, features[b]!, features[c]!];
    const [w, v, u] = [weights[a]!, weights[b]!, weights[c]!];
    for (let item = 1; item < length; item++) {
      scores[item] = scores[item]! + w * first[item]! + v * second[item]! + u * third[item]!;
    }
  }
  for (; next < counted.length; next++) {
    const row = features[counted[next]!]!;
    const weight = weights[counted[next]!]!;
    for (let item = 1; item < length; item++) scores[item]! += weight * row[item]!;
  }
}

/** Place of an item, from 1. */
function placeOf(target: number, scores: Float64Array): number {
  const own = scores[target]!;
  let place = 1;
  for (let item = 1; item < target; item++) if (scores[item]! >= own) place++;
  for (let item = target + 1; item < scores.length; item++) if (scores[item]! > own) place++;
  return place;
}

/** The items of the highest scores; those with a score of minus infinity are left out. */
function listTop(scores: Float64Array, top: Shortlist): void {
  top.clear();
  let least = Number.NEGATIVE_INFINITY;
  for (let item = 1; item < scores.length; item++) {
    if (!(scores[item]! > least)) continue;
    top.offer(item, scores[item]!);
    least = top.least;
  }
}
