import { runs } from '#lib/contracts/keys.ts';
import { countActions, encodeItemCounts } from '#lib/popularity/item-counts.ts';
import { divideBucket } from '#lib/sequences/buckets/core.ts';
import { cutBucket, type Piece } from '#lib/sequences/buckets/cut.ts';
import { partSizes } from '#lib/sequences/buckets/settle.ts';
import { hoursOf } from '#lib/sequences/buckets/times.ts';
import { digestShard } from '#lib/sequences/data-hash.ts';
import { encodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { RecentHistories } from '#lib/sequences/everybody.ts';
import { encodeRecentHistories } from '#lib/sequences/everybody-files.ts';
import { encodeSequenceShard, type SequenceShard } from '#lib/sequences/shard.ts';
import { encodeUsers, type UserStorePart } from '#lib/sequences/user-store.ts';
import type { Objects } from '#platform/objects.ts';
import {
  type BucketCut,
  bucketsSettlement,
  decodeLeft,
  encodeEventRows,
  int32Of,
  pieceOf,
} from './files.ts';
import { type Night, readBucket } from './night.ts';

type WrittenPiece = BucketCut['pieces']['train'][number];

/** Writes the rows, cases, histories and events of a bucket's users: whole parts to their places, pieces for `join.ts`. */
export async function cutOut(
  objects: Objects,
  night: Night,
  bucket: number,
  round: number,
): Promise<void> {
  const { run, manifest, config } = night;
  const {
    bucket: own,
    learned,
    numbers,
    division,
    since,
    newestAction,
  } = await readBucket(objects, night, bucket);
  const left = decodeLeft(await objects.getBytes(runs.bucketsItemsLeft(run, round)));
  const settlement = await objects.getJson(runs.bucketsSettlement(run), bucketsSettlement);
  const vocabulary = int32Of(await objects.getBytes(runs.bucketsVocabulary(run)));
  const cut = cutBucket(
    own,
    learned,
    divideBucket(learned, numbers, left, division),
    numbers.map((number) => number + 1),
    numbers.map((number) => vocabulary[number]!),
    {
      window: config.sequences.window,
      excludeHistory: settlement.excludeHistory,
      baskets: division.baskets,
      entry: settlement.entries[bucket]!,
      most: partSizes(config.sequences),
      judged: settlement.judged,
      arrived: since === undefined ? null : { since, leftOut: settlement.leftOut },
    },
  );
  const file = (name: string) => runs.bucketFile(run, name, bucket);
  await objects.putBytes(file('validation'), encodeEvaluationCases(cut.validation));
  await objects.putBytes(file('test'), encodeEvaluationCases(cut.test));
  if (cut.arrived !== undefined) {
    await objects.putBytes(file('arrived'), encodeEvaluationCases(cut.arrived));
  }
  await objects.putBytes(file('events'), encodeEventRows(cut.events));
  const asOf = Math.min(newestAction, Date.parse(manifest.createdAt) / 1000);
  const counted = countActions(actionsOf(learned), asOf);
  await objects.putJson(file('popularity'), encodeItemCounts(counted));
  const write = async <T>(
    kind: keyof BucketCut['pieces'],
    pieces: readonly Piece<T>[],
    whole: (part: number, content: T) => Promise<Partial<WrittenPiece>>,
    encode: (content: T) => Uint8Array,
  ) => {
    const written: WrittenPiece[] = [];
    for (const { part, isWhole, content } of pieces) {
      if (isWhole) written.push({ part, isWhole, ...(await whole(part, content)) });
      else {
        await objects.putBytes(runs.bucketFile(run, pieceOf(kind, part), bucket), encode(content));
        written.push({ part, isWhole });
      }
    }
    return written;
  };
  const itemIds: string[] = [];
  for (const [place, number] of numbers.entries()) itemIds[number] = own.itemIds[place]!;
  const wholeShard = async (part: number, shard: SequenceShard) => {
    await objects.putBytes(runs.trainShard(run, part), encodeSequenceShard(shard));
    return { digest: digestShard(shard) };
  };
  const wholeRows = async (part: number, rows: SequenceShard) => {
    await objects.putBytes(runs.allActions(run, part), encodeSequenceShard(rows));
    return {};
  };
  await objects.putJson(file('cut'), {
    pieces: {
      train: await write('train', cut.train, wholeShard, encodeSequenceShard),
      allActions: await write('allActions', cut.allActions, wholeRows, encodeSequenceShard),
      histories: await write(
        'histories',
        cut.histories,
        (part, histories) => writeHistories(objects, run, part, histories, { itemIds }),
        encodeRecentHistories,
      ),
    },
    events: hoursOf(cut.events.times),
    sums: cut.sums,
  } satisfies BucketCut);
}

/** Writes a part of everybody's histories, and the same for whoever asks for one user. */
export async function writeHistories(
  objects: Objects,
  run: string,
  number: number,
  histories: RecentHistories,
  items: { readonly itemIds: readonly string[] },
): Promise<{ users: UserStorePart }> {
  await objects.putBytes(runs.recentHistories(run, number), encodeRecentHistories(histories));
  const { bytes, part } = encodeUsers(histories, items);
  await objects.putBytes(runs.userStore(run, number), bytes);
  return { users: part };
}

function* actionsOf({ actions, itemIds }: Parameters<typeof cutBucket>[0]) {
  for (let at = 0; at < actions.items.length; at++) {
    yield { item: itemIds[actions.items[at]!]!, time: actions.timestamps[at]! };
  }
}
