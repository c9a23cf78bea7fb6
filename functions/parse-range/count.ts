import * as z from 'zod';
import { changeFreshCounts } from '#functions/shared/fresh-counts.ts';
import { readRows } from '#functions/shared/ingested-rows.ts';
import type { InteractionsConfig } from '#lib/contracts/config/interactions.ts';
import { runs, uploadOfPart, uploads } from '#lib/contracts/keys.ts';
import { runManifest } from '#lib/contracts/run.ts';
import { uploadOutcome } from '#lib/interactions/report.ts';
import { isAction } from '#lib/interactions/rewards.ts';
import type { Interaction } from '#lib/interactions/rows.ts';
import { rowsKey, type UploadPlan } from '#lib/interactions/upload-plan.ts';
import { addUpload, type FreshCounts, noCounts } from '#lib/popularity/fresh-counts.ts';
import {
  addCounts,
  countInto,
  decodeItemCounts,
  encodeItemCounts,
  type ItemCounts,
  itemCountsFile,
  newestOf,
} from '#lib/popularity/item-counts.ts';
import type { Objects } from '#platform/objects.ts';

/** As much of a range's report as counting needs. */
const newestRow = z.looseObject({
  tally: z.looseObject({ interactions: z.looseObject({ lastTimestamp: z.number().nullable() }) }),
});

/** A run lists what there is within this time of the moment that its manifest names. */
const snapshotMilliseconds = 15 * 60_000;

/**
 * Counts what a range's rows say of popularity, once. Reads the rows back, so that a range that was parsed before its
 * counts were written is counted as well.
 */
export async function countRange(
  objects: Objects,
  plan: UploadPlan,
  range: number,
  config: InteractionsConfig,
): Promise<ItemCounts> {
  const key = uploads.rangeCounts(plan.upload, range);
  const known = await objects.getVersion(key, itemCountsFile);
  if (known !== undefined) return decodeItemCounts(known.value);
  const counts = await countRows(objects, plan, range, config);
  await objects.putIfAbsent(key, JSON.stringify(encodeItemCounts(counts)));
  return counts;
}

async function countRows(
  objects: Objects,
  plan: UploadPlan,
  range: number,
  config: InteractionsConfig,
): Promise<ItemCounts> {
  const key = rowsKey(plan, range);
  const stored = await objects.head(key);
  if (stored === undefined) return noCounts.counts; // no good row
  // A gzipped file is one range, however many rows it has: they are counted as they come.
  const { tally } = await objects.getJson(uploads.rangeReport(plan.upload, range), newestRow);
  const asOf = newestOf([tally.interactions.lastTimestamp ?? 0], Date.parse(plan.arrivedAt) / 1000);
  const counts = new Map<string, Float64Array>();
  for await (const rows of readRows(objects, { ...stored, size: stored.bytes })) {
    countInto(counts, actionsOf(rows, config), asOf);
  }
  return { asOf, counts };
}

function* actionsOf(rows: Iterable<Interaction>, config: InteractionsConfig) {
  for (const row of rows) {
    if (isAction(config, row)) yield { item: row.item_id, time: row.timestamp };
  }
}

/**
 * Adds an upload that succeeded to the counts that serving reads, exactly once, however often and in whatever order
 * this is called.
 *
 * @returns whether this call added it
 */
export async function countUpload(
  objects: Objects,
  plan: UploadPlan,
  config: InteractionsConfig,
): Promise<boolean> {
  const { upload } = plan;
  if (plan.kind !== 'logs') return false;
  const report = await objects.getVersion(uploads.report(upload), uploadOutcome);
  if (report?.value.status !== 'succeeded') return false;
  let own: ItemCounts | undefined;
  return changeFreshCounts(objects, async (before = noCounts) => {
    if (before.uploads.has(upload) || (await isInBase(objects, before, upload))) return undefined;
    own ??= await countRanges(objects, plan, config);
    return addUpload(before, upload, own);
  });
}

async function countRanges(
  objects: Objects,
  plan: UploadPlan,
  config: InteractionsConfig,
): Promise<ItemCounts> {
  let sum: ItemCounts | undefined;
  for (const range of plan.ranges.keys()) {
    const own = await countRange(objects, plan, range, config);
    sum = sum === undefined ? own : addCounts(sum, own);
  }
  // What a night that did not see this upload starts from.
  const counts = sum!;
  await objects.putIfAbsent(uploads.counts(plan.upload), JSON.stringify(encodeItemCounts(counts)));
  return counts;
}

/** Whether the night that counted everything anew saw the upload. */
async function isInBase(objects: Objects, { base }: FreshCounts, upload: string): Promise<boolean> {
  if (base === null) return false;
  const reported = await objects.head(uploads.report(upload));
  const until = Date.parse(base.snapshotAt) + snapshotMilliseconds;
  if (reported !== undefined && reported.lastModified.getTime() > until) return false;
  const { inputs } = await objects.getJson(runs.manifest(base.run), runManifest);
  return inputs.interactions.some(({ key }) => uploadOfPart(key) === upload);
}
