import * as z from 'zod';

/** How interactions become sequences and which of them are held out. */
export const sequencesConfig = z.strictObject({
  /** Longest history that the environment and the recommenders see, in items. */
  window: z.int().min(2).max(200).default(50),
  /**
   * k-core filter, applied until nothing changes: users and items with fewer interactions are not trained on. In a split
   * by time it sees the training interactions alone, and everybody is judged.
   */
  minimumUserInteractions: z.int().min(1).default(5),
  minimumItemInteractions: z.int().min(1).default(5),
  /**
   * `global-time`: the last interactions are the test cases, those before them the validation cases, each a tenth of all
   * or fewer, where 10,000 and a whole day are fewer. As in production: what is trained knows nothing of later days.
   * `leave-one-out`: each user's last action (or basket) is the test case, the one before it the validation case.
   * `by-user`: about a tenth of the users (a seeded hash of the user id) is held out whole for validation, another
   * for test; every action after the first is a case (the SQN/SA2C protocol).
   */
  split: z.enum(['global-time', 'leave-one-out', 'by-user']).default('global-time'),
  /**
   * Actions of one user with the same timestamp are one basket: predicted together from what came before, their order
   * means nothing. `auto`: where at least a fifth of the actions share their time with another one.
   */
  baskets: z.enum(['auto', 'on', 'off']).default('auto'),
  /**
   * Order of one user's actions with the same timestamp, where they are no basket: `upload-order` is object key, then line; `shuffled` is a
   * seeded hash, for exports whose times are dates and whose line order may give the next action away.
   */
  ties: z.enum(['upload-order', 'shuffled']).default('upload-order'),
  /** Seed of the split `by-user` and of shuffled ties. */
  seed: z.int().min(0).default(1),
  /**
   * Only actions of the last so many days before the newest one are learned from; `null` is all. What is older is left out of
   * training, cases and counts, and stays in the histories of who is served.
   */
  historyDays: z.number().positive().nullable().default(null),
  /** Likewise the newest so many actions, less those that share their time with one that is too many. */
  maximumInteractions: z.int().min(1).nullable().default(null),
  /**
   * Held-out cases that are ranked, of validation and of test each, about: where there are more, those of some users, chosen by a
   * hash of their ids. So judging takes the same time and memory however long the log is.
   */
  maximumCases: z.int().min(1).default(25_000),
  /** Items (positions) a training shard holds; one shard is one request to the environment. */
  shardItems: z.int().min(64).default(2048),
  /**
   * Interactions that one function sorts into sequences: with more, users are shared out to several functions at the same
   * time. The result is the same; a million takes about 285 MB of `operations.buildSequencesMegabytes`.
   */
  bucketInteractions: z.int().min(1).default(4_000_000),
  /**
   * Rank and recommend without the items of the user's history. `auto`: yes where fewer than 1 % of the training
   * transitions return to an earlier item, as in ratings.
   */
  excludeHistory: z.union([z.boolean(), z.literal('auto')]).default('auto'),
});

export type SequencesConfig = z.infer<typeof sequencesConfig>;
