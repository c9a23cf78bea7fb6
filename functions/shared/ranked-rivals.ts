import * as z from 'zod';
import { evaluationConfig } from '#lib/contracts/config/promotion.ts';

/**
 * `runs/<run>/ranked-rivals.json`, written when the ranks, lists and files of all rivals are there: who they are, in the order
 * in which they are compared.
 */
export const rankedRivals = z.strictObject({
  /** What decides how they rank besides the files that they were fitted to. */
  made: z.strictObject({
    /** Of the sequences whose cases they ranked. */
    dataHash: z.string(),
    countsAsOf: evaluationConfig.shape.countsAsOf,
    rivalCountsShare: evaluationConfig.shape.rivalCountsShare,
  }),
  /** How long it took. */
  seconds: z.number().min(0),
  rivals: z.array(
    z.strictObject({
      name: z.string().min(1),
      /** How many scores and counts are added up. */
      components: z.int().min(1),
    }),
  ),
});

export type RankedRivals = z.infer<typeof rankedRivals>;
