import { halfLives } from '#lib/contracts/half-lives.ts';
import { type CountingPlan, sweepCounts } from '#lib/popularity/as-of.ts';
import {
  type EvaluationCases,
  requestOffsets,
  takenBefore,
} from '#lib/sequences/evaluation-cases.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import { rankMetrics } from '../metrics.ts';

/** The half-life, as a place among those tried, with which counting alone ranks best. */
export interface ChosenHalfLife {
  /** By all users. */
  readonly best: number;
  /** That and what either half of the users chooses, each once, ascending. */
  readonly candidates: readonly number[];
  /** By the other half of the users, so that nobody's own cases choose for him. */
  bestFor(user: string): number;
}

/** Whoever is behind this place counts nothing. */
const cutoff = 10;

/** Seed of the hash that puts users into two halves. */
const halfSeed = 13;
const halfOf = (user: string) => hash32(user, halfSeed) & 1;

/**
 * Chooses the half-life of recent popularity by NDCG@10. Ranks by the bare counts, which have the order of their
 * logarithms.
 *
 * @param tried half-lives in seconds, all that are kept fresh by default
 */
export function chooseHalfLife(
  cases: EvaluationCases,
  counting: CountingPlan,
  items: number,
  excludeHistory: boolean,
  tried: readonly number[] = halfLives,
): ChosenHalfLife {
  const gain = rankMetrics([cutoff]).get(`ndcg@${cutoff}`)!;
  const offsets = requestOffsets(cases);
  const ends = new Map(Array.from(offsets.subarray(1), (end, at) => [offsets[at]!, end]));
  const sums = tried.map(() => [0, 0]);
  sweepCounts(
    counting,
    items,
    tried,
    (begin, counts, time) => {
      const taken = excludeHistory ? takenBefore(cases, begin) : new Set<number>();
      const half = halfOf(cases.users[begin]!);
      tried.forEach((_, which) => {
        const { values } = counts.at(which, time);
        for (let index = begin; index < ends.get(begin)!; index++) {
          const target = cases.targets[index]!;
          if (target > items || taken.has(target)) continue;
          sums[which]![half]! += gain(placeOf(target, values, taken));
        }
      });
    },
    offsets.subarray(0, -1),
  );
  const bestBy = (value: (sum: readonly number[]) => number) =>
    sums.reduce((best, sum, at) => (value(sum) > value(sums[best]!) ? at : best), 0);
  const bestOf = [bestBy((sum) => sum[1]!), bestBy((sum) => sum[0]!)];
  const best = bestBy((sum) => sum[0]! + sum[1]!);
  return {
    best,
    candidates: [...new Set([best, ...bestOf])].sort((a, b) => a - b),
    bestFor: (user) => bestOf[halfOf(user)]!,
  };
}

/** Place of an item among all that may be shown, from 1; of one behind the cut-off, some place behind it. */
function placeOf(target: number, counts: Float64Array, taken: ReadonlySet<number>): number {
  const own = counts[target]!;
  const isAhead = (item: number) => counts[item]! > own || (counts[item] === own && item < target);
  // Popular items come first, so it is soon known of most targets that they are behind.
  const most = cutoff + taken.size;
  let place = 1;
  for (let item = 1; item < target && place <= most; item++) if (counts[item]! >= own) place++;
  for (let item = target + 1; item < counts.length && place <= most; item++) {
    if (counts[item]! > own) place++;
  }
  for (const item of taken) if (isAhead(item)) place--;
  return place;
}
