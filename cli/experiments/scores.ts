import { metricsAt } from '#lib/recommender/ranking.ts';

/** Metrics of a list of ranks, full ranking. */
export interface Scores {
  readonly hr5: number;
  readonly ndcg5: number;
  readonly hr10: number;
  readonly ndcg10: number;
}

/** Test cases on items without a training action beside the others, ranked among all items. */
export interface ColdScores {
  readonly cases: number;
  readonly hr10: number;
  readonly warmHr10: number;
}

export function scoresOf(ranks: Int32Array): Scores {
  const [five, ten] = [metricsAt(ranks, 5), metricsAt(ranks, 10)];
  return { hr5: five.hr, ndcg5: five.ndcg, hr10: ten.hr, ndcg10: ten.ndcg };
}

/** @param trainItems items with a training action, which come first in the vocabulary */
export function coldScores(
  ranks: Int32Array,
  targets: Int32Array,
  trainItems: number,
): ColdScores | null {
  const part = (isCold: boolean) =>
    ranks.filter((_, index) => targets[index]! > trainItems === isCold);
  const cold = part(true);
  if (cold.length === 0) return null;
  const hr = (some: Int32Array) => metricsAt(some, 10).hr;
  return { cases: cold.length, hr10: hr(cold), warmHr10: hr(part(false)) };
}

/** @param lists item indices, 0 for an empty place */
export function shownItems(lists: Int32Array): number {
  const shown = new Set(lists);
  shown.delete(0);
  return shown.size;
}
