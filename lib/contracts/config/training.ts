import * as z from 'zod';
import { halfLives } from '../half-lives.ts';

/** Settings of what a recommender takes from the LLM environment; what is not said is as in `leaPresets`. */
const leaSettings = {
  /** Who sees the LE state: nobody, or the Q head, which serving does not need. */
  state: z.enum(['off', 'q_only']),
  /**
   * Weight mu of a loss that asks the encoder's own state, which serving uses, to tell the LE's states apart; 0 is off. It
   * goes with every objective.
   */
  stateWeight: z.number().min(0),
  /**
   * What the LE says of rewards. `preference` (an environment with `reward: "preference"`): a base reward is raised or
   * lowered by what this user likes better or less than everybody does. `positives`, `all` (`reward: "likelihood"`, the
   * published reading): the LE reward is a factor of the positive actions' base rewards, or the negatives' reward too.
   */
  reward: z.enum(['off', 'preference', 'positives', 'all']),
  /** lambda of `preference`: `r = base * (1 + lambda * clip(z, -1, 1))`. */
  rewardWeight: z.number().min(0).max(1),
  /**
   * Which candidate becomes the augmented positive action: the one with the greatest chance to be taken later, if that
   * beats the most popular item's, or (the published reading) the one with the highest reward. `neighbours` does without the
   * environment: the nearest item neighbour (item-kNN) of the history, weighted by how often it is taken later; `state`,
   * `stateWeight` and `reward` must be off.
   */
  actions: z.enum(['chance', 'reward', 'neighbours']),
  /** Weight alpha of the loss on augmented positive actions; 0 is off. */
  augmentedWeight: z.number().min(0),
  /**
   * But for `reward`: no item has more than this many times its share of the training actions among the augmented ones; those
   * with the greatest chance stay.
   */
  shareLimit: z.number().positive(),
  /** Bootstrap state of an augmented action: as if consumed, the logged next state, or none. */
  augmentedBootstrap: z.enum(['consumed', 'logged', 'none']),
  /** `reward`: keep an augmented action only if its margin over the next candidate exceeds this many spreads. */
  minimumMargin: z.number().min(0),
  /** The reward used is `mean - uncertaintyPenalty * spread`. */
  uncertaintyPenalty: z.number().min(0),
} as const;

/** How a recommender uses the LLM environment (`lea`); absent means not at all. */
const leaConfig = z.strictObject(leaSettings).partial();

/** The same with every setting filled in. */
export type LeaSettings = {
  readonly [Name in keyof typeof leaSettings]: z.infer<(typeof leaSettings)[Name]>;
};

/**
 * Items as their texts describe them (`text`); absent means that every item is learned from its actions alone. Each row
 * of an item table is `A t + d`: `t` the item's vector (docs/contracts.md, "Item vectors"), which stays as it is, `A`
 * learned for all items together, and `d` a difference that is learned for the item itself.
 */
export const textConfig = z.strictObject({
  /**
   * Longest difference (Euclidean norm of `d`); 0 leaves the text alone. An item without a training action has none, so
   * that it lies where its text says, among items whose difference is bounded.
   */
  bound: z.number().min(0).default(2),
  /** Deviation of the elements of `A t` before training. */
  deviation: z.number().positive().default(0.05),
  /**
   * Share (0-1) of the items that are taken for new ones in a step of training: their difference is left out, as in DropoutNet
   * (Volkovs et al. 2017). So `A` learns where an item belongs of which nothing but the text is known.
   */
  newItems: z.number().min(0).max(0.95).default(0),
  /** Items without a training action are among those that the supervised loss compares the right one with. */
  coldNegatives: z.boolean().default(false),
});

/**
 * Items made of shared parts (`itemCodes`), for catalogues of which no table of vectors fits into memory; absent means that every
 * item has a vector of its own. An item's vector is `codebooks` parts joined, each one of `size` that all items share; which ones
 * is its code, made before training from who took the item (docs/trainer.md, "Wide catalogues"). Embedding, supervised head and Q
 * head have parts of their own for the same codes.
 */
export const itemCodesConfig = z.strictObject({
  /** Parts of a vector; `dimension` must be a multiple of it. */
  codebooks: z.int().min(4).max(64).multipleOf(4).default(8),
  /** Different parts at each place. */
  size: z.int().min(2).max(256).default(256),
});

/** What knows histories without a network, see lib/evaluation/rivals. */
export const historyKind = z.enum([
  'sequential-rules',
  'item-knn',
  'ease',
  'session-knn',
  'repeat-last',
]);

/**
 * Recent popularity joined to a model's scores (`prior`): `w score + w' lift(histories) + v log(c + epsilon)`, `c` everybody's
 * actions of an item before the request, each counting half as much for every half-life that has passed. The weights
 * are fitted on the validation cases after training.
 */
export const priorConfig = z.strictObject({
  /**
   * Days, of those that are counted as uploads come in; `null` counts all time. The one with which counting alone is best
   * on the validation cases is taken.
   */
  halfLives: z
    .array(
      z
        .number()
        .nullable()
        .refine(
          (days) => halfLives.includes(days === null ? Number.POSITIVE_INFINITY : days * 86_400),
          `no half-life that is kept fresh: ${halfLives.map((seconds) => seconds / 86_400).join(', ')} (null instead of Infinity)`,
        ),
    )
    .min(1)
    .max(8)
    .default([1, 8, null]),
  /** What an item that nobody has taken counts. */
  epsilon: z.number().positive().default(0.3),
  /**
   * What else knows histories and takes part, each with a weight of its own: what the rivals are made of, fitted and chosen
   * as theirs. `repeat-last` has no say where lists leave the history out.
   */
  histories: z.array(historyKind).default([...historyKind.options]),
  /**
   * Share that recent popularity keeps of its fitted weight: less shows more different items, at some loss of accuracy
   * (docs/evaluation.md).
   */
  countsShare: z.number().min(0).max(1).default(1),
  /**
   * What the weights follow: how long somebody was away (`absence`), and how much of what is popular now is in his history
   * (`recency`).
   */
  moderators: z.array(z.enum(['absence', 'recency'])).default(['absence', 'recency']),
  /**
   * When counts are read in validation and test: right before the request, as serving does with fresh counts, or as of
   * the last midnight (UTC) before it.
   */
  asOf: z.enum(['request', 'night']).default('request'),
});

/** Largest catalogue all of which `loss: auto` compares a target with; beyond, with a sample of it. */
export const fullCatalogueItems = 50_000;

export const backbone = z.enum(['sasrec', 'gru4rec', 'caser', 'nextitnet']);
const objective = z.enum(['supervised', 'auxiliary', 'sqn', 'sac', 'snqn', 'sa2c']);

/** Settings of a model; `training` sets them for all models of a run, an entry of `training.models` for one. */
const settings = {
  /** Width of item embeddings and hidden states. */
  dimension: z.int().min(4).max(1024),
  blocks: z.int().min(1).max(16),
  /** Attention heads of SASRec; must divide `dimension`. */
  heads: z.int().min(1).max(16),
  dropout: z.number().min(0).max(0.95),
  /** Longest history that the model sees, in items; `null` is that of the sequences. */
  window: z.int().min(2).max(200).nullable(),
  /**
   * What SASRec's positions are counted from. `end`: the last action has the last position whatever the length of the
   * history, as published (there, padding comes first). `start`: the first action has the first one, as in the code of
   * SNQN and SA2C.
   */
  positionsFrom: z.enum(['end', 'start']),
  /**
   * SASRec's attention sees how old each action is, and how long ago the last one was, when a list is asked for (buckets of
   * log time, as in HSTU). In preset `sound`.
   */
  timeAttention: z.boolean(),
  /** Supervised head: the item embedding itself (`tied`), or a table and biases of its own. */
  head: z.enum(['tied', 'separate']),
  /**
   * Supervised loss. `auto`: cross-entropy over the whole catalogue up to 50,000 items, sampled softmax beyond.
   * `sampled-softmax`: with logQ correction; `gbce`: gSASRec's generalised binary cross-entropy.
   */
  loss: z.enum(['auto', 'cross-entropy', 'sampled-softmax', 'gbce']),
  /**
   * Later actions of a sequence that count as right besides the next one, the `d`-th after the present with weight `1 / d`
   * (the weights of a state add up to 1). 0 is the next action alone, as published. For logs whose order within a
   * visit means little.
   */
  futureActions: z.int().min(0).max(50),
  /** Items that a step of a sampled loss compares all its targets with. */
  sampledItems: z.int().min(1).max(65_536),
  /** Calibration t (0-1) of gBCE: 0 is plain binary cross-entropy, 1 undoes the sampling altogether. */
  gbceCalibration: z.number().min(0).max(1),
  /** Targets per step, about: a batch holds `batchTargets / window` lines, and short sequences share a line. */
  batchTargets: z.int().min(1).max(1_048_576),
  learningRate: z.number().positive(),
  maximumEpochs: z.int().min(1).max(10_000),
  /** Epochs without a better validation NDCG@10 after which training stops. */
  patience: z.int().min(1).max(10_000),
  /**
   * Passes over all actions, validation and test included, by which the winner is fitted on from its best weights before it
   * is served; 0 serves what was judged.
   */
  refitPasses: z.int().min(0).max(1000),
  /** The learning rate of these passes, as a share (0-1) of `learningRate`. */
  refitLearningRate: z.number().gt(0).max(1),
  /**
   * Growth of the training actions (a share) up to which a training begins from the weights of a champion of the same recipe,
   * rows of items where the items are now; 0 always begins afresh. Not for models with `text`.
   */
  warmStart: z.number().min(0).max(10),
  /** `patience` of a training that begins from such weights, which are near where they will end. */
  warmPatience: z.int().min(1).max(10_000),
  /** Validation cases (a seeded sample) that an epoch is judged by. */
  validationCases: z.int().min(1),
  /** gamma */
  discount: z.number().min(0).max(1),
  /** Negative actions per state (SNQN, SA2C). */
  negatives: z.int().min(1).max(100),
  /** Base reward of a negative action. */
  negativeReward: z.number().min(-10).max(10),
  /** Weight of the reinforcement part of the loss. */
  reinforcementWeight: z.number().min(0),
  /** Weight and temperature of the conservative term (CQL) on the Q head; weight 0 is off. */
  conservativeWeight: z.number().min(0),
  conservativeTemperature: z.number().positive(),
  /** Share of the way that the target network moves to the main one each step (`sound` preset). */
  targetRate: z.number().gt(0).max(1),
  /** Epochs of SQN or SNQN before the actor of SAC or SA2C begins (`sound` preset). */
  warmUpEpochs: z.number().min(0),
  /** The same in steps; counts instead of `warmUpEpochs` unless `null`. */
  warmUpSteps: z.int().min(0).nullable(),
  /**
   * After the warm-up an optimiser of its own, whose moments begin at zero, takes over at this learning rate; `same` is
   * that of before. `null` goes on with the first one.
   */
  actorLearningRate: z.union([z.number().positive(), z.literal('same')]).nullable(),
  /** Range of the advantage in SA2C; `null` on either side is open. */
  advantageRange: z.tuple([z.number().nullable(), z.number().nullable()]),
  /** Exponent of SA2C's inverse propensity weight; 0 is off. */
  propensityExponent: z.number().min(0).max(1),
  seed: z.int().min(0),
} as const;

export type Settings = {
  readonly [Name in keyof typeof settings]: z.infer<(typeof settings)[Name]>;
};

/**
 * `sound` trains on all positions of a sequence in one causal pass, with a slowly moving target network and dropout off
 * in targets. `paper` is the published code of SNQN/SA2C to the constant: one prefix per sample, two networks with
 * randomly swapped roles, dropout on in targets.
 */
const preset = z.enum(['sound', 'paper']);

/** Every setting may be left out; the preset fills it in. */
const optionalSettings = z.strictObject(settings).partial().shape;

/** One recommender to train: what it is, and where it differs from the shared settings. */
export const modelConfig = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, at most 32'),
  backbone,
  objective,
  lea: leaConfig.optional(),
  text: textConfig.optional(),
  itemCodes: itemCodesConfig.optional(),
  prior: priorConfig.optional(),
  preset: preset.optional(),
  ...optionalSettings,
});

/** Settings shared by the recommenders of a run. */
export const trainingSettings = z.strictObject({
  preset: preset.default('sound'),
  ...optionalSettings,
});

/** The recommenders of a run and the settings that they share. */
export const trainingConfig = trainingSettings.extend({
  models: z.array(modelConfig).min(1).max(40),
});

export type ItemCodesConfig = z.infer<typeof itemCodesConfig>;
export type TextConfig = z.infer<typeof textConfig>;
export type HistoryKind = z.infer<typeof historyKind>;
export type PriorConfig = z.infer<typeof priorConfig>;
export type ModelConfig = z.infer<typeof modelConfig>;
export type TrainingSettings = z.infer<typeof trainingSettings>;

/** A model with every setting filled in. */
export interface ResolvedModel extends Settings {
  readonly name: string;
  readonly backbone: ModelConfig['backbone'];
  readonly objective: ModelConfig['objective'];
  readonly lea: LeaSettings | undefined;
  readonly text: TextConfig | undefined;
  readonly itemCodes: ItemCodesConfig | undefined;
  readonly prior: PriorConfig | undefined;
  readonly preset: z.infer<typeof preset>;
}
