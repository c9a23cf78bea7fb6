import * as z from 'zod';

/** How recommenders are compared. Ranking is always over all items. */
export const evaluationConfig = z.strictObject({
  cutoffs: z.array(z.int().min(1).max(1000)).min(1).default([5, 10, 20]),
  /** Resamples of the users behind each interval. */
  bootstrapSamples: z.int().min(100).max(100_000).default(1000),
  /** Level of the intervals. */
  confidence: z.number().gt(0.5).lt(1).default(0.95),
  seed: z.int().min(0).default(1),
});

/** When the winner of a run becomes the champion. */
export const promotionConfig = z.strictObject({
  /** The winner's NDCG@10 must exceed the champion's, and the best baseline's, by at least this, beyond doubt. */
  minimumGain: z.number().min(0).max(1).default(0),
  /** Smallest number of test cases on which a verdict is reached. */
  minimumTestCases: z.int().min(1).default(100),
});

export type EvaluationConfig = z.infer<typeof evaluationConfig>;
export type PromotionConfig = z.infer<typeof promotionConfig>;
