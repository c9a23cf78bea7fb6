import * as z from 'zod';

/** Who answers: the champion, or the model that is compared with it (`operations.serving.variants`). */
export const variantName = z.enum(['champion', 'challenger']);

export type VariantName = z.infer<typeof variantName>;

/** What somebody was shown and with which chance: what is known of a decision, whoever made it. */
const shown = {
  user_id: z.string().min(1),
  /** Chance (0-1] with which it was shown. */
  propensity: z.number(),
};

/** A line of `impressions/` (docs/contracts.md, 12): an answer as it was given. */
export const impression = z.strictObject({
  /** `requestId` of the answer; what comes back in logs as `recommendation_id`. */
  recommendation_id: z.string().min(1),
  /** Unix seconds. */
  time: z.number(),
  operation: z.enum(['recommend', 'similar', 'rerank']),
  /** Null where the request gave a history. */
  user_id: shown.user_id.nullable(),
  /** Null while nothing is compared. */
  experiment: z.string().nullable(),
  variant: variantName,
  /** Chance that this variant answered; 1 while nothing is compared. */
  propensity: shown.propensity,
  model: z.strictObject({ run: z.string(), name: z.string() }),
  source: z.string(),
  /** Item ids, the first `itemsKept` of the list. */
  items: z.array(z.string()),
  /** As many as `items`; null for an item without one. */
  scores: z.array(z.number().nullable()),
  /** How long the list was. */
  count: z.int().min(0),
});

export type Impression = z.infer<typeof impression>;

/** Items of a list that an impression has; nobody looks at more, and a record may have 1 MB. */
export const itemsKept = 1000;

/** Where impressions go. */
export interface ImpressionLog {
  /** @throws PipelineError when it could not be kept */
  add(impression: Impression): Promise<void>;
}

/** A line for `lea value`: what was shown, what came of it, and what another policy would have done there. */
export const loggedDecision = z.strictObject({
  ...shown,
  propensity: shown.propensity.nullish(),
  reward: z.number(),
  chance: z.number(),
  predicted: z.number().nullish(),
  expected: z.number().nullish(),
  /** Decisions of one session are in the order of their lines; without it all of a user's are one. */
  session_id: z.string().nullish(),
  /** Of state and action together: of what was shown, and the mean over what the policy to be judged shows there. */
  features: z.array(z.number()).nullish(),
  policy_features: z.array(z.number()).nullish(),
});
