import type { EvaluationCases } from '#lib/sequences/shard.ts';

/** Scores all items after each of a fixed number of histories. */
export interface Scorer {
  /** Histories a call takes. */
  readonly batch: number;
  /** Longest history, in items. */
  readonly window: number;
  /** Size of the vocabulary. */
  readonly items: number;
  /**
   * @param items int32 `[batch, window]`, right-padded with 0
   * @param lengths int32 `[batch]`
   * @returns `[batch, items]`
   */
  score(items: Int32Array, lengths: Int32Array): Float32Array;
}

/**
 * Full ranking: the place of each case's target among all items, from 1, in the order of serving (score descending,
 * then item index ascending).
 *
 * @param excludeHistory leave out the items of the history; a target that is among them has no place
 * @param order which cases to rank, undefined for all
 * @returns int32 `[cases]` in the order asked for; 0 for a target that cannot be shown
 */
export function rankCases(
  scorer: Scorer,
  cases: EvaluationCases,
  excludeHistory: boolean,
  order: Int32Array = Int32Array.from(cases.targets, (_, index) => index),
): Int32Array {
  const ranks = new Int32Array(order.length);
  for (let begin = 0; begin < order.length; begin += scorer.batch) {
    const size = Math.min(scorer.batch, order.length - begin);
    const items = new Int32Array(scorer.batch * scorer.window);
    const lengths = new Int32Array(scorer.batch);
    for (let row = 0; row < size; row++) {
      const history = historyOf(cases, order[begin + row]!, scorer.window);
      items.set(history, row * scorer.window);
      lengths[row] = history.length;
    }
    const scores = scorer.score(items, lengths); // [batch, items]
    for (let row = 0; row < size; row++) {
      const at = order[begin + row]!;
      ranks[begin + row] = placeOf(
        scores.subarray(row * scorer.items, (row + 1) * scorer.items),
        cases.targets[at]!,
        excludeHistory ? historyOf(cases, at, Number.POSITIVE_INFINITY) : undefined,
      );
    }
  }
  return ranks;
}

/** The last `window` items before a case's target. */
export function historyOf(cases: EvaluationCases, at: number, window: number): Int32Array {
  const end = cases.offsets[at + 1]!;
  return cases.items.subarray(Math.max(cases.offsets[at]!, end - window), end);
}

/**
 * Place of an item in a list of scores.
 *
 * @param scores of the items 1 to N, `[N]`
 * @param target item index
 * @param excluded items that the list leaves out
 * @returns from 1; 0 if the target is unknown (0, or beyond N) or excluded
 */
export function placeOf(scores: Float32Array, target: number, excluded?: Int32Array): number {
  if (target < 1 || target > scores.length || excluded?.includes(target)) return 0;
  const own = scores[target - 1]!;
  let place = 1;
  for (let index = 0; index < target - 1; index++) if (scores[index]! >= own) place++;
  for (let index = target; index < scores.length; index++) if (scores[index]! > own) place++;
  if (excluded !== undefined) {
    for (const item of new Set(excluded)) {
      const score = scores[item - 1]!;
      if (score > own || (score === own && item < target)) place--;
    }
  }
  return place;
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
