import * as z from 'zod';

/** A number with its interval at the level `confidence`. */
export const estimate = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });

/** Estimates by metric, as `{"hr@10": ..., "ndcg@10": ..., "mrr@10": ...}`. */
export const metricEstimates = z.record(z.string(), estimate);

/** What a ranker is made by, but for the data (lib/contracts/recipe.ts). */
const recipe = z.string().min(1);

/** What it takes to have a ranker: of two that are as good the simpler one is served. */
const complexity = z.strictObject({
  /** Whether the language model has a part in it: in what it learns from, or in what it knows of its items. */
  environment: z.boolean(),
  /** Whether it has a network, which has to be trained. */
  network: z.boolean(),
  /** Scores and counts that are added up. */
  components: z.int().min(1),
});

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

/** How much more `a` reaches than `b`. */
const difference = comparison.omit({ metric: true, pValue: true });

/** Test cases that have something in common. */
const stratum = z.strictObject({
  /** Length of the history, popularity of the item that was taken, whether its user was trained on, type of the event. */
  by: z.enum(['history', 'item', 'user', 'event']),
  name: z.string(),
  cases: z.int().min(1),
  users: z.int().min(1),
  /** HR@10 and NDCG@10 of everybody; empty where there are too few cases or users to say anything. */
  rankers: z.array(z.strictObject({ name: z.string(), metrics: metricEstimates })),
  /** NDCG@10 of the champion and of those that are best on validation, each with each. */
  differences: z.array(difference),
});

/** What a ranker shows in the lists of the test cases (list-metrics.ts). */
const listMetrics = z.strictObject({
  name: z.string(),
  distinctItems: z.int().min(0),
  /** Share of the vocabulary. */
  coverage: z.number().min(0).max(1),
  /** Share of all places that the ten commonest items have. */
  commonestShare: z.number().min(0).max(1),
  /** Mean self-information, in bits. */
  novelty: estimate,
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
      /** Absent in runs of earlier releases. */
      complexity: complexity.optional(),
      /** What is reached on the test cases with one part after the other; absent where nothing is joined. */
      parts: z
        .array(z.strictObject({ added: z.string(), hr10: z.number(), ndcg10: z.number() }))
        .optional(),
    }),
  ),
  baselines: z.array(
    z.strictObject({
      name: z.string(),
      /** Absent where the ranker has no files that could be served. */
      recipe: recipe.optional(),
      metrics: metricEstimates,
      validation: metricEstimates,
      /** Absent in runs of earlier releases. */
      complexity: complexity.optional(),
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
  /** How far candidates are behind the best on the validation cases, NDCG@10; absent in runs of earlier releases. */
  validationGaps: z
    .array(
      z.strictObject({
        name: z.string(),
        behind: z.number().min(0),
        /** Of the paired difference, over users. */
        standardError: z.number().min(0),
      }),
    )
    .optional(),
  /** Absent in runs of earlier releases. */
  strata: z.array(stratum).optional(),
  /** Of everybody whose lists were kept; absent in runs of earlier releases. */
  lists: z.array(listMetrics).optional(),
});

export type Complexity = z.infer<typeof complexity>;
export type Estimate = z.infer<typeof estimate>;
export type MetricEstimates = z.infer<typeof metricEstimates>;
export type Comparison = z.infer<typeof comparison>;
export type Stratum = z.infer<typeof stratum>;
export type ListMetrics = z.infer<typeof listMetrics>;
export type Evaluation = z.infer<typeof evaluationFile>;

/** The metric by which models are chosen and promoted; it is always computed. */
export const primaryMetric = 'ndcg@10';

/** What the champion is called in `comparisons`, whatever name it was trained under. */
export const championLabel = 'champion';
