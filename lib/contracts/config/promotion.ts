import * as z from 'zod';

/** How recommenders are compared. Ranking is always over all items. */
export const evaluationConfig = z.strictObject({
  cutoffs: z.array(z.int().min(1).max(1000)).min(1).default([5, 10, 20]),
  /**
   * When popularity is read for a request: `request`, all that happened before it, as serving reads counts that are
   * refreshed with every upload; `night`, all before the last midnight (UTC).
   */
  countsAsOf: z.enum(['request', 'night']).default('request'),
  /**
   * Share (0-1) that recent popularity keeps of the weight which validation gives it in rivals that it is joined with. Below
   * 1 lists differ more between users; what that costs is in docs/evaluation.md.
   */
  rivalCountsShare: z.number().min(0).max(1).default(1),
  /**
   * Whoever is judged on the test cases has been fitted on validation's actions too, as what is served is on the newest: models
   * by `training.refitPasses` from their best weights, rivals by counting again. Validation is judged by what training saw.
   */
  asServed: z.boolean().default(false),
  /** Resamples of the users behind each interval. */
  bootstrapSamples: z.int().min(100).max(100_000).default(1000),
  /** Level of the intervals. */
  confidence: z.number().gt(0.5).lt(1).default(0.95),
  seed: z.int().min(0).default(1),
});

/** When somebody new becomes the champion. Where there is none yet, the best on the validation cases does, or a simpler one tied with it. */
export const promotionConfig = z.strictObject({
  /**
   * Another recipe replaces the champion's if the interval of its gain in test NDCG@10 lies above this: by default, if
   * it is better at all.
   */
  minimumGain: z.number().min(0).max(1).default(0),
  /**
   * The same recipe with newer data replaces the champion unless it may be worse by more than this share (0-1) of the
   * champion's test NDCG@10: the interval of the difference must lie above it. A tenth is what some 500 test cases can
   * tell of two models of one recipe, and less than what weeks without new data cost.
   */
  nonInferiorityMargin: z.number().min(0).max(1).default(0.1),
  /**
   * Nights over which those in service are compared with recent popularity, on what arrived (`prequential/`): where the
   * interval of the difference lies below 0, the verdict says so and an alarm rings. Guards against renewals that lose a
   * little each time.
   */
  trendNights: z.int().min(1).max(90).default(7),
  /**
   * Days after which a night tries the environment anew: beside each model with `lea` it trains the same one without, and with
   * actions of item neighbours. Where every model is behind both of its twins on validation, later nights neither fit nor ask
   * the environment, and train the better twins, until the next trial. 0 never tries.
   */
  environmentTrialDays: z.int().min(0).max(365).default(0),
  /**
   * Growth of the log (a share of the accepted rows' size) since the last night that trained all models, up to which a night renews one alone:
   * the champion's recipe or, where a rival is in service, the best model of that night. Such a night may begin from the champion's
   * weights (`training.warmStart`), one that trains all does not. 0 trains all models every night.
   */
  renewalGrowth: z.number().min(0).max(1).default(0.05),
  /** Days after which a night trains all models whatever the growth. */
  renewalDays: z.number().min(0).max(365).default(7),
  /** Smallest number of test cases on which a champion is replaced, and of cases that a trend is told from. */
  minimumTestCases: z.int().min(1).default(100),
});

export type EvaluationConfig = z.infer<typeof evaluationConfig>;
export type PromotionConfig = z.infer<typeof promotionConfig>;
