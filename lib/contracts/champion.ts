import * as z from 'zod';

/** What a pointer is written with. */
export const championPointerKeys = z.strictObject({
  run: z.string().min(1),
  name: z.string().min(1),
  /** Key prefix of the files that the verdict was about: what later nights compare with, since it saw no held-out action. */
  judged: z.string().min(1),
  /** Key prefix of the files that are served: the same, or those of the model once it was fitted on all actions. */
  serving: z.string().min(1),
  /** What it is made by (lib/contracts/recipe.ts); absent where an older release promoted it. */
  recipe: z.string().min(1).optional(),
  /** Test NDCG@10 in the run that promoted it. */
  ndcg10: z.number(),
  /** ISO 8601. */
  promotedAt: z.string(),
  /** When a rollback put it back into service, ISO 8601; a model that never left service has none. */
  rolledBackAt: z.string().optional(),
});

/** `champion.json` (docs/contracts.md, 7): the model in service. */
export const championPointer = z.preprocess(withBothPrefixes, championPointerKeys);

export type Champion = z.infer<typeof championPointer>;

/** Earlier releases served what was judged, and called its prefix `prefix`. */
function withBothPrefixes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('prefix' in value)) return value;
  const { prefix, ...rest } = value;
  return { judged: prefix, serving: prefix, ...rest };
}

/** `champions/<run>.json`: what a run promoted and whom that replaced; a rollback follows it back. */
export const championRecord = z.strictObject({
  champion: championPointer,
  previous: championPointer.nullable(),
});

/**
 * `runs/<run>/champion.json`: the champion of a run, read once, when its training is planned. It is the one that is
 * ranked, that the winner is judged against, and that a promotion replaces, in all attempts of the run.
 */
export const runChampion = z.strictObject({
  /** What `champion.json` said; null when nothing was in service. */
  inService: championPointer.nullable(),
  /** Why it cannot be compared with, for example files that are missing; null when it can. */
  unusable: z.string().nullable(),
});

export type RunChampion = z.infer<typeof runChampion>;
