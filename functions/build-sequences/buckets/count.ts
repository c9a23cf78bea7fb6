import { readCatalogue } from '#functions/shared/catalogue.ts';
import { mapAhead, mapConcurrently } from '#functions/shared/concurrently.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { readNights } from '#lib/promotion/nights.ts';
import { basketShare, formBaskets } from '#lib/sequences/baskets.ts';
import { addTotals } from '#lib/sequences/buckets/bucket.ts';
import { everythingLeft } from '#lib/sequences/buckets/core.ts';
import { divideTimesOfBuckets } from '#lib/sequences/buckets/times.ts';
import { encodeCatalogue } from '#lib/sequences/catalogue-table.ts';
import { explainEmptyLog } from '#lib/sequences/enough.ts';
import { orderItems } from '#lib/sequences/everybody.ts';
import { encodeAllItems } from '#lib/sequences/everybody-files.ts';
import { encodeFieldIndex, indexFields } from '#lib/sequences/field-index.ts';
import type { Objects } from '#platform/objects.ts';
import { keepMerged } from '../keep-merged.ts';
import { bucketTotals, bytesOf, decodeItems, encodeLeft, float64Of } from './files.ts';
import type { Night } from './night.ts';

/** Buckets whose items are in memory at the same time. */
const itemsAtOnce = 4;
/** Bytes of a time. */
const timeBytes = 8;

/**
 * Numbers all items and decides what needs to be known of all buckets before any of them is divided. Takes the memory of
 * the items, not of the buckets.
 *
 * @throws ValidationError when there is no action at all
 */
export async function countItems(
  objects: Objects,
  { run, manifest, config }: Night,
  buckets: number,
): Promise<void> {
  const known = new Map<string, number>();
  const all = Array.from({ length: buckets }, (_, bucket) => bucket);
  const summaries = await mapConcurrently(all, (bucket) =>
    objects.getJson(runs.bucketFile(run, 'totals', bucket), bucketTotals),
  );
  const readItems = (bucket: number) => objects.getBytes(runs.bucketFile(run, 'items', bucket));
  for await (const file of mapAhead(all, readItems, itemsAtOnce)) {
    const { ids, counts } = decodeItems(file);
    for (const [place, id] of ids.entries()) known.set(id, (known.get(id) ?? 0) + counts[place]!);
  }
  const totals = { ...addTotals(summaries.map((one) => one.totals)), items: known.size };
  if (totals.actions === 0) throw new ValidationError(explainEmptyLog(totals));
  const merged = await readCatalogue(objects, manifest.inputs.items);
  const catalogue = merged.items;
  const isCatalogue = catalogue.size > 0;
  if (isCatalogue) {
    await objects.putBytes(runs.catalogue(run), encodeCatalogue(catalogue));
    await keepMerged(objects, manifest, merged);
  }
  const items = orderItems(known, isCatalogue ? catalogue : undefined);
  if (isCatalogue) {
    const fields = indexFields(catalogue, items.itemIds);
    await objects.putBytes(runs.fieldIndex(run), encodeFieldIndex(fields));
  }
  const places = new Map(items.itemIds.map((id, place) => [id, place]));
  const numberItems = async (bucket: number) => {
    const { ids } = decodeItems(await readItems(bucket));
    const numbers = Int32Array.from(ids, (id) => places.get(id)!);
    await objects.putBytes(runs.bucketFile(run, 'numbers', bucket), bytesOf(numbers));
  };
  for await (const _ of mapAhead(all, numberItems, itemsAtOnce));
  const readTimes = async (bucket: number, begin: number, end: number) => {
    const range = { start: begin * timeBytes, end: end * timeBytes };
    return float64Of(await objects.getBytes(runs.bucketFile(run, 'times', bucket), { range }));
  };
  const { after, cuts } = await divideTimesOfBuckets(summaries, readTimes, config.sequences);
  const share = basketShare(totals.sharedTimes, totals.actions);
  const [last] = await readNights(objects, run);
  await objects.putBytes(runs.allItems(run), encodeAllItems(items));
  const nothingLeftOut = encodeLeft(everythingLeft(items.itemIds.length));
  await objects.putBytes(runs.bucketsItemsLeft(run, 0), nothingLeftOut);
  await objects.putJson(runs.bucketsDivision(run), {
    totals,
    basketShare: share,
    baskets: formBaskets(config.sequences.baskets, share),
    after,
    cuts,
    since: last?.until ?? null,
    items: items.itemIds.length,
  });
}
