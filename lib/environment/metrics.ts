import * as z from 'zod';

const share = z.number().min(0).max(1);
const count = z.int().min(0);

/**
 * `environments/<version>/metrics.json` (docs/contracts.md, 6): what an environment is and how good it is on users
 * that it was not fitted on. Only what the pipeline reads is listed; the file says more.
 */
export const environmentMetrics = z.looseObject({
  baseModel: z.string(),
  /** Where the base model came from, in words. */
  baseModelOrigin: z.string(),
  /** The environment whose weights the fit began with; absent or null where it began from nothing. */
  startedFrom: z.string().nullish(),
  parameters: count,
  trainableParameters: count,
  layers: count,
  /** Share of the training users that it was fitted on, and how many these are. */
  subsetFraction: z.number().gt(0).max(1),
  users: count,
  /** Share of (logged action, uniform negative) pairs in which the logged action has the higher reward. */
  pairAccuracy: share,
  /** Its standard error, users drawn whole. */
  pairAccuracyError: z.number().min(0).optional(),
  /** The same with occurrences in place of rewards, the logged action's own one left out. */
  popularityPairAccuracy: share.optional(),
  /** The same three with negatives drawn as often as everybody takes them: what is known beside popularity. */
  pairAccuracyPopular: share.optional(),
  pairAccuracyPopularError: z.number().min(0).optional(),
  popularityPairAccuracyPopular: share.optional(),
  /** Next items that no fitted sequence holds, negatives drawn by popularity. */
  coldItems: z.looseObject({ positions: count, pairAccuracy: share.nullable() }).optional(),
  /** Actions that are worth copying by their chance, and how often held-out users take them later. */
  actions: z
    .looseObject({
      positions: count,
      /** Positions where an action has a greater chance than the most popular item. */
      kept: count,
      precision: share.optional(),
      precisionError: z.number().min(0).optional(),
      /** Of the most popular item, and of the nearest neighbour, at the same positions. */
      popularPrecision: share.optional(),
      neighbourPrecision: share.optional(),
      /** As many actions as are used alike: exp of their entropy. */
      effectiveActions: z.number().min(0).optional(),
      /** Why none of them is copied; null where they are. */
      refused: z.string().nullable(),
    })
    .optional(),
  /** Share of positions whose logged action is among the nearest items of the state. */
  recallAt10: share,
  recallAt50: share,
  popularityRecallAt10: share,
  popularityRecallAt50: share.optional(),
  /** Equally filled bins of actions by reward, negatives and logged ones in balance. */
  calibration: z
    .array(z.looseObject({ reward: z.number(), loggedShare: share, actions: count }))
    .optional(),
  /** Equally filled bins of pairs by the spread of their margin over the ensemble. */
  spreadAgainstError: z
    .array(z.looseObject({ spread: z.number(), errorRate: share, pairs: count }))
    .optional(),
  seconds: z.number().min(0),
  tokens: count,
});

export type EnvironmentMetrics = z.infer<typeof environmentMetrics>;
