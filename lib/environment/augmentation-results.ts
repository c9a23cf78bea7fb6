import * as z from 'zod';

/** What a call of `augment-sequences` says of one training shard. */
export const augmentedPart = z.strictObject({
  part: z.int().min(0),
  sequences: z.int().min(0),
  transitions: z.int().min(0),
  /** Transitions whose answers an earlier run had; null for a shard that an earlier attempt had answered. */
  reused: z.int().min(0).nullable(),
  /** Of some rows, for the index of answers (`kept-answers.ts`). */
  hashes: z.array(z.int()),
});

/** What the Map state's ResultWriter says of its calls (`Transformation: COMPACT`): `SUCCEEDED_<n>.json`. */
export const augmentationResults = z.array(
  z.looseObject({
    parts: z.array(augmentedPart),
    /** For which the call ran; those of an earlier release do not say. */
    milliseconds: z.number().min(0).default(0),
  }),
);

export type AugmentedPart = z.infer<typeof augmentedPart>;

/** The results of all attempts of a run as one: a shard counts once, as in the attempt that answered it. */
export function joinResults(results: Iterable<AugmentedPart>): Map<number, AugmentedPart> {
  const parts = new Map<number, AugmentedPart>();
  for (const part of results) {
    const before = parts.get(part.part);
    if (before === undefined || before.reused === null) parts.set(part.part, part);
  }
  return parts;
}
