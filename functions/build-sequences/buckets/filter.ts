import { readCatalogue } from '#functions/shared/catalogue.ts';
import { ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { CoreRound, countBucket, divideBucket } from '#lib/sequences/buckets/core.ts';
import { measureBucket, settle, settleVocabulary } from '#lib/sequences/buckets/settle.ts';
import { decodeAllItems } from '#lib/sequences/everybody-files.ts';
import { encodeItemTable } from '#lib/sequences/item-table.ts';
import type { Objects } from '#platform/objects.ts';
import {
  bucketMeasures,
  bucketsDivision,
  bytesOf,
  decodeCounts,
  decodeLeft,
  encodeCounts,
  encodeLeft,
  int32Of,
  measuresFile,
} from './files.ts';
import { type Night, readBucket } from './night.ts';

/** Rounds of the k-core, at most: each is a step of the night. Real logs take about ten. */
const mostRounds = 200;

/** Counts what a bucket's users took of the items that are left, for one round of the k-core. */
export async function filterBucket(
  objects: Objects,
  night: Night,
  bucket: number,
  round: number,
): Promise<void> {
  const { run } = night;
  const {
    bucket: own,
    learned,
    numbers,
    division,
    since,
  } = await readBucket(objects, night, bucket);
  const left = decodeLeft(await objects.getBytes(runs.bucketsItemsLeft(run, round)));
  const parts = divideBucket(learned, numbers, left, division);
  const counts = countBucket(learned, parts, numbers, left, division);
  await objects.putBytes(runs.bucketFile(run, 'counts', bucket), encodeCounts(counts));
  const measures = measureBucket(own, parts, division.config, division.baskets, since);
  await objects.putJson(runs.bucketFile(run, 'measures', bucket), measuresFile(measures));
}

/**
 * Sums up a round, and decides how all buckets are cut once nothing changes any more.
 *
 * @returns whether it is so
 * @throws ValidationError when nothing is left, when there would be too many shards, or when it takes too many rounds
 */
export async function settleCore(
  objects: Objects,
  { run, manifest, config }: Night,
  buckets: number,
  round: number,
): Promise<boolean> {
  const division = await objects.getJson(runs.bucketsDivision(run), bucketsDivision);
  const before = decodeLeft(await objects.getBytes(runs.bucketsItemsLeft(run, round)));
  const sums = new CoreRound(division.items);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const numbers = int32Of(await objects.getBytes(runs.bucketFile(run, 'numbers', bucket)));
    const counts = decodeCounts(await objects.getBytes(runs.bucketFile(run, 'counts', bucket)));
    sums.add(numbers, counts);
  }
  const { left, isSettled } = sums.next(before, config.sequences.minimumItemInteractions);
  if (!isSettled) {
    if (round + 1 === mostRounds) throw new ValidationError(explainRounds());
    await objects.putBytes(runs.bucketsItemsLeft(run, round + 1), encodeLeft(left));
    return false;
  }
  const { items: catalogue } = await readCatalogue(objects, manifest.inputs.items);
  const { indexOf, table } = settleVocabulary(
    decodeAllItems(await objects.getBytes(runs.allItems(run))),
    catalogue.size > 0 ? catalogue : undefined,
    left,
    sums,
    division.totals,
    config.sequences,
  );
  const measures = [];
  for (let bucket = 0; bucket < buckets; bucket++) {
    measures.push(await objects.getJson(runs.bucketFile(run, 'measures', bucket), bucketMeasures));
  }
  const settlement = settle(measures, config.sequences);
  await objects.putBytes(runs.itemTable(run), encodeItemTable(table));
  await objects.putBytes(runs.bucketsVocabulary(run), bytesOf(indexOf));
  await objects.putJson(runs.bucketsSettlement(run), settlement);
  return true;
}

const explainRounds = () =>
  `After ${mostRounds} rounds, users and items still fall below the smallest numbers of interactions one after the other. Lower sequences.minimumUserInteractions or sequences.minimumItemInteractions.`;
