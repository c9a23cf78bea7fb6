import * as z from 'zod';

const count = z.int().min(0);

/** `runs/<run>/sequences/manifest.json` (docs/contracts.md, 3). */
export const sequencesManifest = z.strictObject({
  users: count,
  items: count,
  /** Items with a training action, the first of the vocabulary; those after them are cold. */
  trainItems: count,
  /** Actions after all filters. */
  interactions: count,
  /** Actions that were uploaded more than once; each counts once. */
  duplicates: count,
  /** Rows of the training shards. */
  trainSequences: count,
  trainTransitions: count,
  validationCases: count,
  testCases: count,
  /** Of users who are not judged, because there are more than `sequences.maximumCases`. */
  leftOutCases: count.default(0),
  /** The newest action that an earlier night saw, Unix seconds; null if there was none. */
  since: z.number().nullable().default(null),
  /** Unix seconds. */
  newestAction: z.number().default(0),
  /** Cases of what was taken since. */
  arrivedCases: count.default(0),
  shards: count,
  /** Longest history, in items. */
  window: z.int().min(1),
  split: z.enum(['global-time', 'leave-one-out', 'by-user']),
  /** Share of all actions that share user and time with another one. */
  basketShare: z.number().min(0).max(1),
  /** Actions of one user with the same timestamp are one basket. */
  baskets: z.boolean(),
  /** Share of training transitions whose next item occurs earlier in the row. */
  repeatShare: z.number().min(0).max(1),
  /** Lists leave the user's history out. */
  excludeHistory: z.boolean(),
  /** SHA-256 of everything the shards, cases and vocabulary say. */
  dataHash: z.string().regex(/^[0-9a-f]{64}$/),
});

export type SequencesManifest = z.infer<typeof sequencesManifest>;

/**
 * `runs/<run>/sequences/excluded.json`: `read` is the sum of all the others and the manifest's `interactions`. Runs that an
 * earlier release began have a count more, which is always 0.
 */
export const sequencesExcluded = z.object({
  /** Ingested interactions that the run saw. */
  read: count,
  /** With reward 0, or taking another one back. */
  notActions: count,
  /** Taken back by a later one. */
  takenBack: count.default(0),
  /** Of items that the catalogue does not have. */
  unknownItems: count,
  duplicates: count,
  /** Older than what is learned from (`sequences.historyDays`, `sequences.maximumInteractions`). */
  tooOld: count.default(0),
  /** Below the smallest number of interactions of a user or an item. */
  belowMinimum: count,
  /** Users and items that the filter left out. */
  usersBelowMinimum: count,
  itemsBelowMinimum: count,
  /** Test cases whose target has the same timestamp as the action before it: their order is the tie policy's. */
  tiedTestCases: count,
});

export type SequencesExcluded = z.infer<typeof sequencesExcluded>;
