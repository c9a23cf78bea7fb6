import * as z from 'zod';

/** When runs start and what they may use and cost on AWS. */
export const operationsConfig = z.strictObject({
  /** EventBridge Scheduler expression and IANA time zone; `null` schedules nothing. */
  schedule: z.string().nullable().default('cron(30 3 * * ? *)'),
  timeZone: z.string().min(1).default('UTC'),
  /** A run whose estimate exceeds this stops before any GPU starts. */
  maxUsdPerRun: z.number().positive().default(50),
  /** SageMaker instance types; the first is preferred, the others are tried when there is no capacity. */
  environmentInstanceTypes: z
    .array(z.string().regex(/^ml\./))
    .min(1)
    .default(['ml.g5.xlarge', 'ml.g5.2xlarge']),
  trainerInstanceTypes: z
    .array(z.string().regex(/^ml\./))
    .min(1)
    .default(['ml.c6i.2xlarge', 'ml.c5.2xlarge']),
  useSpotTraining: z.boolean().default(true),
  /** Lambdas that ask the endpoint at the same time. */
  augmentationConcurrency: z.int().min(1).max(1000).default(4),
  /** Share of shards (percent) whose failure does not fail the run. */
  toleratedFailurePercentage: z.number().min(0).max(100).default(1),
  maximumRunHours: z.number().positive().max(72).default(8),
});

export type OperationsConfig = z.infer<typeof operationsConfig>;
