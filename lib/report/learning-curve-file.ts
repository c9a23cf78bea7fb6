import * as z from 'zod';

/** `runs/<run>/models/<name>/learning-curve.json`, as far as the report reads it. */
export const learningCurveFile = z.looseObject({
  bestEpoch: z.number(),
  epochs: z.array(
    z.looseObject({
      epoch: z.number(),
      /** Mean training loss a target. */
      loss: z.number(),
      'validation_ndcg@10': z.number(),
    }),
  ),
});

export type LearningCurve = z.infer<typeof learningCurveFile>;
