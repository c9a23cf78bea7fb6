import * as z from 'zod';

/** How a recommender uses the LLM environment (`lea`); absent means not at all. */
export const leaConfig = z.strictObject({
  /** `q_only`: the Q head sees the LE state, the supervised head does not (served without an LLM). */
  state: z.enum(['off', 'q_only', 'q_and_ce']).default('q_only'),
  /** Whose base rewards the LE reward replaces: nobody's, the positive actions', or the negatives' too. */
  reward: z.enum(['off', 'positives', 'all']).default('positives'),
  /** Weight alpha of the loss on augmented positive actions; 0 is off. */
  augmentedWeight: z.number().min(0).default(0.3),
  /** Bootstrap state of an augmented action: as if consumed, the logged next state, or none. */
  augmentedBootstrap: z.enum(['consumed', 'logged', 'none']).default('consumed'),
  /** Keep an augmented action only if its margin over the next candidate exceeds this many spreads. */
  minimumMargin: z.number().min(0).default(0),
  /** The reward used is `mean - uncertaintyPenalty * spread`. */
  uncertaintyPenalty: z.number().min(0).default(0),
});

/** One recommender to train. */
export const modelConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, at most 32'),
  backbone: z.enum(['sasrec', 'gru4rec', 'caser', 'nextitnet']),
  objective: z.enum(['supervised', 'sqn', 'sac', 'snqn', 'sa2c']),
  lea: leaConfig.optional(),
  /** Overrides of the shared settings for this model alone. */
  dimension: z.int().min(4).max(1024).optional(),
  learningRate: z.number().positive().optional(),
  dropout: z.number().min(0).max(0.95).optional(),
});

/** Settings shared by all recommenders of a run. */
export const trainingConfig = z.strictObject({
  models: z.array(modelConfig).min(1).max(40),
  dimension: z.int().min(4).max(1024).default(64),
  blocks: z.int().min(1).max(16).default(2),
  heads: z.int().min(1).max(16).default(1),
  dropout: z.number().min(0).max(0.95).default(0.2),
  /** Sequences a step. */
  batchSize: z.int().min(1).max(4096).default(128),
  learningRate: z.number().positive().default(1e-3),
  maximumEpochs: z.int().min(1).max(1000).default(100),
  /** Epochs without a better validation NDCG@10 after which training stops. */
  patience: z.int().min(1).max(100).default(5),
  discount: z.number().min(0).max(1).default(0.5),
  negatives: z.int().min(1).max(100).default(10),
  /** Weight of the reinforcement part of the loss. */
  reinforcementWeight: z.number().min(0).default(1),
  seed: z.int().min(0).default(1),
});

export type LeaConfig = z.infer<typeof leaConfig>;
export type ModelConfig = z.infer<typeof modelConfig>;
export type TrainingConfig = z.infer<typeof trainingConfig>;
