import * as z from 'zod';

/** The LLM environment (LE): how it is fitted and what it is asked for. */
export const environmentConfig = z.strictObject({
  /** Folder name below `base-models/` of a Hugging Face-format causal language model. */
  baseModel: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/)
    .default('smollm2-135m-instruct'),
  /** Transformer layers of the base model to keep, counted from the input; `null` keeps all. */
  layers: z.int().min(1).nullable().default(null),
  /** Share of the training users (0-1) that the adapter is fitted on. */
  subsetFraction: z.number().gt(0).max(1).default(0.3),
  /** A fitted environment younger than this is used again, in days; 0 fits a new one every run. */
  maximumAgeDays: z.number().min(0).default(7),
  /**
   * Share (0-1) of the training actions that may be on items which have come since it was fitted, and of which it knows the
   * text alone; with more, a new one is fitted whatever its age.
   */
  maximumNewShare: z.number().min(0).max(1).default(0.1),
  /**
   * A new one begins from the weights of the last, if that was made by the same settings and base model; items that came since begin with what
   * their text says. Held-out users judge before the first step, and what no epoch betters is kept.
   */
  warmStart: z.boolean().default(false),
  /** Length of the state vector handed to the recommenders. */
  stateDimension: z.int().min(8).max(1024).default(64),
  /**
   * What proposes candidates. `chance`: the chance that the user takes an item later, from the state, item neighbours and
   * frequency together, fitted on users that the model was not fitted on. `similarity` (the published reading): the items
   * nearest to the state.
   */
  proposals: z.enum(['chance', 'similarity']).default('chance'),
  /** Candidate actions per state, and how many of them are proposed (the rest are uniform). */
  candidates: z.int().min(1).max(100).default(8),
  similarCandidates: z.int().min(0).max(100).default(6),
  /**
   * What a reward says of an action. `preference`: how much likelier this user takes it than everybody does, from -1 to 1,
   * 0 for no difference; popularity is no part of it. `likelihood` (the published reading): how likely it is, 1 on average
   * for logged actions and 0 for uniform ones.
   */
  reward: z.enum(['preference', 'likelihood']).default('preference'),
  /**
   * The language model reads each action after the history, one token an action, as in the published reading. Without,
   * rewards compare the state that it read with the item's token: a fraction of the tokens, and no worse where measured.
   */
  readActions: z.boolean().default(false),
  /** Score heads of the ensemble whose spread is the reward's uncertainty. */
  rewardHeads: z.int().min(1).max(16).default(3),
  /** Text in front of every history, in the base model's words; its tokens are shared by all actions of a row. */
  instruction: z.string().max(1000).default(''),
  /** Epochs, learning rate and text budget of the item tokens (the LLM is frozen meanwhile). */
  itemTokens: z
    .strictObject({
      epochs: z.number().min(0).default(1),
      learningRate: z.number().positive().default(2e-2),
      maximumTextTokens: z.int().min(4).max(512).default(48),
      /** `{field}` stands for a field of the catalogue; parts in `[...]` are left out when a field is missing. */
      template: z.string().min(1).default('item is titled {title}[, {other}].'),
    })
    .prefault({}),
  /** The LoRA adapter and its training. */
  adapter: z
    .strictObject({
      /** One adapter for the state model and the reward model, or one each. */
      joint: z.boolean().default(true),
      /**
       * Layers that get an adapter, counted from the output; `null` adapts every layer that is kept. Nothing flows back
       * through the frozen layers below: cheaper, and item tokens then learn from the comparison with states alone.
       */
      layers: z.int().min(1).nullable().default(null),
      /** Matrices of a layer that get an adapter. */
      modules: z.enum(['attention', 'all']).default('attention'),
      rank: z.int().min(1).max(256).default(8),
      epochs: z.number().positive().default(1),
      /** Of the adapter itself; large base models want less. */
      learningRate: z.number().positive().default(2e-3),
      /** Learning rate of the state projection, the item projection and the reward heads. */
      headLearningRate: z.number().positive().default(1e-3),
      /** Learning rate with which item tokens go on learning from sequences; 0 leaves them as the text made them. */
      itemTokenLearningRate: z.number().min(0).default(5e-3),
      /** Sampled actions that each logged action is compared with. */
      negatives: z.int().min(1).max(64).default(1),
      /** Uniform items that states are compared with beside those of the batch; from the catalogue's size on, all items. */
      stateNegatives: z.int().min(1).default(4096),
      /** Weight of the reward loss beside the state loss. */
      rewardWeight: z.number().positive().default(1),
      /** AdamW's, of adapter, projections and heads. */
      weightDecay: z.number().min(0).default(0.01),
      /** Actions after the next one that a state is to tell too, the `d`-th with weight `1 / d` (all add up to 1). */
      futureActions: z.int().min(0).max(50).default(0),
      /** Tokens a batch holds at most. */
      batchTokens: z.int().min(64).default(1024),
      patience: z.int().min(1).default(3),
    })
    .prefault({}),
  /** A vector for every item of the catalogue from its sentence (`itemTokens.template`), made without a fit. */
  itemVectors: z
    .strictObject({
      /**
       * `language-model` is the frozen base model. The others are what it has to beat: `random-weights`, the same
       * architecture untrained (from `seed`), and `tfidf`, which knows words only.
       */
      encoder: z.enum(['language-model', 'random-weights', 'tfidf']).default('language-model'),
      /** Layers of the base model, counted from the input; `null` takes all. */
      layers: z.int().min(1).nullable().default(null),
      precision: z.enum(['auto', 'float32', 'bfloat16']).default('auto'),
      /** Length of a vector. */
      dimension: z.int().min(2).max(1024).default(64),
      /** Tokens of a sentence that are read; the rest is left out. */
      maximumTextTokens: z.int().min(4).max(512).default(64),
      /** Seed of a permutation that hands every item another item's vector: a control; `null` is none. */
      permute: z.int().min(0).nullable().default(null),
    })
    .prefault({}),
  /** What the LLM computes in; `auto` is bfloat16 on a GPU that does so natively, and float32 elsewhere. */
  precision: z.enum(['auto', 'float32', 'bfloat16']).default('auto'),
  seed: z.int().min(0).default(1),
});

export type EnvironmentConfig = z.infer<typeof environmentConfig>;
