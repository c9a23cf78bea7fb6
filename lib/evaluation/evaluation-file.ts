import * as z from 'zod';

/** A number with its interval at the level `confidence`. */
export const estimate = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });

/** Estimates by metric, as `{"hr@10": ..., "ndcg@10": ..., "mrr@10": ...}`. */
export const metricEstimates = z.record(z.string(), estimate);

/** What a ranker is made by, but for the data (lib/contracts/recipe.ts). */
const recipe = z.string().min(1);

/** Difference `a - b` of two rankers on the same test cases. */
export const comparison = z.strictObject({
  a: z.string(),
  b: z.string(),
  metric: z.string(),
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  /** Of a paired randomisation test, two-sided; not corrected for the number of comparisons. */
  pValue: z.number().min(0).max(1),
});

/** `runs/<run>/evaluation.json` (docs/contracts.md, 7). */
export const evaluationFile = z.strictObject({
  /** Test cases, and the users they belong to. */
  cases: z.int().min(0),
  users: z.int().min(0),
  validationCases: z.int().min(0),
  /** Level of all intervals. */
  confidence: z.number().gt(0).lt(1),
  models: z.array(
    z.strictObject({
      name: z.string(),
      backbone: z.string(),
      objective: z.string(),
      recipe,
      metrics: metricEstimates,
      validation: metricEstimates,
    }),
  ),
  baselines: z.array(
    z.strictObject({
      name: z.string(),
      /** Absent where the ranker has no files that could be served. */
      recipe: recipe.optional(),
      metrics: metricEstimates,
      validation: metricEstimates,
    }),
  ),
  champion: z
    .strictObject({
      run: z.string(),
      name: z.string(),
      /** Absent where an older release promoted it. */
      recipe: recipe.optional(),
      metrics: metricEstimates,
    })
    .optional(),
  comparisons: z.array(comparison),
});

export type Estimate = z.infer<typeof estimate>;
export type MetricEstimates = z.infer<typeof metricEstimates>;
export type Comparison = z.infer<typeof comparison>;
export type Evaluation = z.infer<typeof evaluationFile>;

/** The metric by which models are chosen and promoted; it is always computed. */
export const primaryMetric = 'ndcg@10';

/** What the champion is called in `comparisons`, whatever name it was trained under. */
export const championLabel = 'champion';
