import { readRows } from '#functions/shared/ingested-rows.ts';
import { decodeColumns } from '#lib/columns/arrow-reading.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { UserSpan } from '#lib/interactions/sorted-rows.ts';
import { openBucket } from '#lib/sequences/buckets/bucket.ts';
import { sortTimes } from '#lib/sequences/buckets/times.ts';
import {
  type CatalogueItem,
  collectInteractions,
  type InteractionPart,
} from '#lib/sequences/interaction-log.ts';
import type { Objects } from '#platform/objects.ts';
import { bucketsPlan, bytesOf, encodeActions, encodeItems } from './files.ts';
import type { Night } from './night.ts';

/** Collects what the users of a bucket did, each action once. */
export async function collectBucket(
  objects: Objects,
  { run, manifest, config }: Night,
  bucket: number,
): Promise<void> {
  const { buckets } = await objects.getJson(runs.bucketsPlan(run), bucketsPlan);
  const log = await collectInteractions(
    readBucket(objects, manifest.inputs.interactions, buckets[bucket]!),
    { ...config.interactions, catalogue: await knownItems(objects, run, manifest.inputs.items) },
  );
  const { bucket: own, totals } = openBucket(log, config.sequences);
  const { times, hours, counts } = sortTimes(own.actions.timestamps);
  await objects.putBytes(runs.bucketFile(run, 'actions', bucket), encodeActions(own));
  await objects.putBytes(runs.bucketFile(run, 'items', bucket), encodeItems(own));
  await objects.putBytes(runs.bucketFile(run, 'times', bucket), bytesOf(times));
  await objects.putJson(runs.bucketFile(run, 'totals', bucket), { totals, hours, counts });
}

async function* readBucket(
  objects: Objects,
  inputs: Night['manifest']['inputs']['interactions'],
  span: UserSpan,
): AsyncGenerator<InteractionPart> {
  for (const input of inputs) {
    for await (const rows of readRows(objects, input, span)) yield { key: input.key, rows };
  }
}

/** A bucket needs to know which items the catalogue has, and nothing of them. */
async function knownItems(objects: Objects, run: string, items: readonly unknown[]) {
  if (items.length === 0) return new Map<string, CatalogueItem>();
  const file = await objects.getBytes(runs.bucketsCatalogue(run));
  const ids = decodeColumns(file, "the catalogue's ids").column('item_id').strings();
  const unread: CatalogueItem = { title: '', fields: {} };
  return new Map(ids.map((id) => [id, unread]));
}
