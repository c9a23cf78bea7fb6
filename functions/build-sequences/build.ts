import { readCatalogue } from '#functions/shared/catalogue.ts';
import { mapConcurrently } from '#functions/shared/concurrently.ts';
import { type IngestedObject, readIndex } from '#functions/shared/ingested-rows.ts';
import { encodeColumns, utf8Column } from '#lib/columns/arrow-writing.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { UserSpan } from '#lib/interactions/sorted-rows.ts';
import { readNights } from '#lib/promotion/nights.ts';
import { planBuckets } from '#lib/sequences/buckets/plan.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';
import type { Night } from './buckets/night.ts';
import { pointTo } from './point-to.ts';
import { buildWhole } from './whole.ts';

/**
 * Builds the sequences of a run, or, where there is more than one function should sort, shares users out to buckets.
 *
 * @returns how many buckets are to be built: 0 when the sequences are there
 */
export async function buildOrPlan(objects: Objects, night: Night): Promise<{ buckets: number }> {
  const { run, manifest, config } = night;
  const built = await objects.getVersion(runs.sequencesManifest(run), sequencesManifest);
  if (built !== undefined) {
    await pointTo(objects, manifest);
    return { buckets: 0 };
  }
  const { interactions, items } = manifest.inputs;
  const buckets = await planUsers(objects, interactions, config.sequences.bucketInteractions);
  if (buckets.length <= 1) {
    const [last] = await readNights(objects, run);
    await buildWhole(objects, manifest, config, last?.until);
    await pointTo(objects, manifest);
    return { buckets: 0 };
  }
  const ids = [...(await readCatalogue(objects, items)).items.keys()];
  await objects.putBytes(runs.bucketsCatalogue(run), encodeColumns([utf8Column('item_id', ids)]));
  await objects.putJson(runs.bucketsPlan(run), { buckets });
  return { buckets: buckets.length };
}

/** Shares users out to buckets of about so many rows; one bucket where there are no more. */
async function planUsers(
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
