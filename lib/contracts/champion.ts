import * as z from 'zod';

/** `champion.json` (docs/contracts.md, 7): the model that is served. */
export const championPointer = z.strictObject({
  run: z.string().min(1),
  name: z.string().min(1),
  /** Key prefix of the model's files. */
  prefix: z.string().min(1),
  /** Test NDCG@10 in the run that promoted it. */
  ndcg10: z.number(),
  /** ISO 8601. */
  promotedAt: z.string(),
});

export type Champion = z.infer<typeof championPointer>;

/** `champions/<run>.json`: what a run promoted and whom that replaced; a rollback follows it back. */
export const championRecord = z.strictObject({
  champion: championPointer,
  previous: championPointer.nullable(),
});
