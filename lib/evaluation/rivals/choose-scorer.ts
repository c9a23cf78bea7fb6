import {
  type EvaluationCases,
  requestOffsets,
  takenBefore,
} from '#lib/sequences/evaluation-cases.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import { rankMetrics } from '../metrics.ts';
import { historyAt } from './evidence.ts';
import type { HistoryScorer } from './history-scorer.ts';
import { ItemScores } from './item-scores.ts';

/** Requests that settings are compared on, at most; the same ones for all. */
const maximumRequests = 2000;
const sampleSeed = 17;

/**
 * The scorer that ranks validation best by itself (NDCG@10, items that it says nothing of left out; the first of equals).
 *
 * @param candidates one scorer with several settings, at least one
 */
export function chooseScorer(
  candidates: readonly HistoryScorer[],
  cases: EvaluationCases,
  items: number,
  excludeHistory: boolean,
): HistoryScorer {
  const gain = rankMetrics([10]).get('ndcg@10')!;
  const sums = new Float64Array(candidates.length);
  const scores = new ItemScores(items);
  for (const [begin, end] of sampleRequests(cases)) {
    const history = historyAt(cases, begin);
    const taken = excludeHistory ? takenBefore(cases, begin) : new Set<number>();
    candidates.forEach((scorer, which) => {
      scorer.score(history, scores);
      for (let index = begin; index < end; index++) {
        const target = cases.targets[index]!;
        if (!taken.has(target)) sums[which]! += gain(placeOf(target, scores, taken));
      }
      scores.clear();
    });
  }
  return candidates[sums.indexOf(Math.max(...sums))]!;
}

/** First case and the case after the last of each request. */
function sampleRequests(cases: EvaluationCases): (readonly [number, number])[] {
  const offsets = requestOffsets(cases);
  const key = (begin: number) => hash32(`${cases.users[begin]} ${begin}`, sampleSeed);
  return (
    Array.from(offsets.subarray(1), (end, at) => [offsets[at]!, end] as const)
      .map((request) => ({ request, key: key(request[0]) }))
      // The sort is stable: where hashes meet, the first request is first.
      .sort((a, b) => a.key - b.key)
      .slice(0, maximumRequests)
      .map(({ request }) => request)
  );
}

/** Place of an item among those with a score, from 1; 0 if it has none, as one beyond the vocabulary. */
function placeOf(
  target: number,
  { values, touched }: ItemScores,
  taken: ReadonlySet<number>,
): number {
  const own = values[target]!;
  if (!(own > 0)) return 0;
  let place = 1;
  for (const item of touched) {
    if (taken.has(item)) continue;
    if (values[item]! > own || (values[item] === own && item < target)) place++;
  }
  return place;
}
