import * as z from 'zod';
import { runs } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';

/** What the Map state's ResultWriter says of one Lambda call (`Transformation: COMPACT`). */
const results = z.array(
  z.looseObject({
    parts: z.array(
      z.strictObject({ part: z.number(), sequences: z.number(), transitions: z.number() }),
    ),
  }),
);

/** Transitions that were augmented, over all attempts of the run; a shard counts once. */
export async function countAugmentedTransitions(objects: Objects, run: string): Promise<number> {
  const transitions = new Map<number, number>();
  for await (const { key } of objects.list(runs.augmentationResultsPrefix(run))) {
    if (!/\/SUCCEEDED_\d+\.json$/.test(key)) continue;
    for (const { parts } of await objects.getJson(key, results)) {
      for (const part of parts) transitions.set(part.part, part.transitions);
    }
  }
  return [...transitions.values()].reduce((sum, count) => sum + count, 0);
}
