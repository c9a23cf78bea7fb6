import type { Recommendation } from '#lib/serving/recommender.ts';

/** Unknown items that an answer names; Lambda's answers have 6 MB at most. */
const unknownItemsShown = 100;

/** An answer, whatever was asked with. */
export interface ShortRecommendation extends Recommendation {
  /** Distinct items of the history that the model does not know; `unknownItems` has the first 100. */
  readonly unknownItemCount: number;
}

export function shorten(recommendation: Recommendation): ShortRecommendation {
  const { unknownItems } = recommendation;
  return {
    ...recommendation,
    unknownItems: unknownItems.slice(0, unknownItemsShown),
    unknownItemCount: unknownItems.length,
  };
}
