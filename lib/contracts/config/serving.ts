import * as z from 'zod';
import { runName } from '../run.ts';

/** How recommendations are asked for. */
export const servingConfig = z.strictObject({
  /** Both doors ask for IAM signatures; API Gateway adds throttling, stages and a custom domain. */
  door: z.enum(['function-url', 'api-gateway']).default('function-url'),
  /** Instances kept warm (each costs about 10 USD a month at 1 GB); 0 keeps none. */
  provisionedConcurrency: z.int().min(0).max(100).default(0),
  /** Requests per second that API Gateway lets through; a function URL has no such limit. */
  maximumRequestsPerSecond: z.int().min(1).default(100),
  /** Items per user that are written to `recommendations/` after every successful run; 0 writes none. */
  batchCount: z.int().min(0).max(1000).default(20),
  /** Keep what was answered (`impressions/`), and say in the report what came of it; `null` keeps nothing. */
  impressions: z
    .strictObject({
      /** An item counts as taken because it was shown if that was at most so many hours before. */
      windowHours: z.number().positive().max(720).default(24),
      /** Days whose impressions the report looks at. */
      reportDays: z.int().min(1).max(90).default(7),
    })
    .nullable()
    .default(null),
  /** A second model that answers a share of those who ask, to be compared with the champion; `null` has none. */
  variants: z
    .strictObject({
      /** Names the comparison, and decides with the user's id who is in which part: another name shuffles anew. */
      experiment: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'letters, digits and . _ -'),
      /** Share (0-1) of users whom the challenger answers. */
      share: z.number().gt(0).lt(1),
      challenger: z.strictObject({
        /** The run whose model it is. */
        run: runName,
        /** A model or rival of that run; `null` is the one that it promoted. */
        name: z.string().min(1).nullable().default(null),
      }),
    })
    .nullable()
    .default(null),
});

export type ServingConfig = z.infer<typeof servingConfig>;
export type VariantsConfig = NonNullable<ServingConfig['variants']>;
