import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';

/** Counts, for a fixed number of cases at a time, the items that come before the target. */
export interface Ranker {
  /** Cases of a call. */
  readonly cases: number;
  /** Longest history that the model sees. */
  readonly window: number;
  /** Size of the model's vocabulary. */
  readonly items: number;
  /** Places for items to leave out, a case; 0 for a ranker that leaves out nothing. */
  readonly excluded: number;
  count(input: RankingInput): RankingCounts;
}

/** Cases to rank, right-padded with 0. */
export interface RankingInput {
  /** int32 `[cases, window]` */
  readonly items: Int32Array;
  /** int32 `[cases]` */
  readonly lengths: Int32Array;
  /** int32 `[cases]` */
  readonly targets: Int32Array;
  /** int32 `[cases, excluded]`, without repeats */
  readonly excluded: Int32Array;
}

/** What comes before the target: a higher score, or the same score and a smaller item index. */
export interface RankingCounts {
  /** int32 `[cases]`: how many items. */
  readonly ahead: Int32Array;
  /** int32 `[cases, excluded]`: 1 for each item to leave out that does. */
  readonly excludedAhead: Int32Array;
}

/**
 * Full ranking: the place of each case's target among all items, from 1, in the order of serving (score descending,
 * then item index ascending).
 *
 * @param order which cases to rank, undefined for all
 * @returns int32 `[cases]` in the order asked for; 0 for a target that is unknown to the model, or left out of the list
 *   with the rest of the history
 */
export function rankCases(
  ranker: Ranker,
  cases: EvaluationCases,
  order: Int32Array = Int32Array.from(cases.targets, (_, index) => index),
): Int32Array {
  const ranks = new Int32Array(order.length);
  for (let begin = 0; begin < order.length; begin += ranker.cases) {
    const size = Math.min(ranker.cases, order.length - begin);
    const input: RankingInput = {
      items: new Int32Array(ranker.cases * ranker.window),
      lengths: new Int32Array(ranker.cases),
      targets: new Int32Array(ranker.cases).fill(1),
      excluded: new Int32Array(ranker.cases * ranker.excluded),
    };
    const isShown = new Uint8Array(size);
    for (let row = 0; row < size; row++) {
      const at = order[begin + row]!;
      const target = cases.targets[at]!;
      const history = historyOf(cases, at, ranker.window);
      input.items.set(history, row * ranker.window);
      input.lengths[row] = history.length;
      const left = ranker.excluded === 0 ? [] : [...new Set(historyOf(cases, at))];
      input.excluded.set(left.slice(0, ranker.excluded), row * ranker.excluded);
      if (target < 1 || target > ranker.items || left.includes(target)) continue;
      isShown[row] = 1;
      input.targets[row] = target;
    }
    const { ahead, excludedAhead } = ranker.count(input);
    for (let row = 0; row < size; row++) {
      if (isShown[row] === 0) continue;
      let place = 1 + ahead[row]!;
      for (let index = row * ranker.excluded; index < (row + 1) * ranker.excluded; index++) {
        if (input.excluded[index] !== 0) place -= excludedAhead[index]!;
      }
      ranks[begin + row] = place;
    }
  }
  return ranks;
}

/** The last `window` items before a case's target. */
function historyOf(
  cases: EvaluationCases,
  at: number,
  window: number = Number.POSITIVE_INFINITY,
): Int32Array {
  const end = cases.offsets[at + 1]!;
  return cases.items.subarray(Math.max(cases.offsets[at]!, end - window), end);
}

/** Longest history of any case. */
export function longestHistory(cases: EvaluationCases): number {
  let longest = 0;
  for (let at = 0; at + 1 < cases.offsets.length; at++) {
    longest = Math.max(longest, cases.offsets[at + 1]! - cases.offsets[at]!);
  }
  return longest;
}

/** Hit rate and NDCG of ranks at a cut-off; one relevant item a case, so that NDCG is `1 / log2(rank + 1)`. */
export function metricsAt(ranks: Int32Array, cutoff: number): { hr: number; ndcg: number } {
  let hits = 0;
  let gain = 0;
  for (const rank of ranks) {
    if (rank < 1 || rank > cutoff) continue;
    hits++;
    gain += 1 / Math.log2(rank + 1);
  }
  const cases = Math.max(1, ranks.length);
  return { hr: hits / cases, ndcg: gain / cases };
}
