import { mapConcurrently } from '#functions/shared/concurrently.ts';
import { type IngestedObject, readIndex } from '#functions/shared/ingested-rows.ts';
import type { UserSpan } from '#lib/interactions/sorted-rows.ts';
import { planBuckets } from '#lib/sequences/buckets/plan.ts';
import type { Objects } from '#platform/objects.ts';

/** Shares users out to buckets of about so many rows; one bucket where there are no more. */
export async function planUsers(
  objects: Objects,
  inputs: readonly IngestedObject[],
  rows: number,
): Promise<UserSpan[]> {
  const blocks = await mapConcurrently(inputs, async (input) => {
    const index = await readIndex(objects, input);
    return index.map((block) => ({ first: block.first, rows: block.rows }));
  });
  return planBuckets(blocks.flat(), rows);
}
