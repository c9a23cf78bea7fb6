import { Readable } from 'node:stream';
import { mapAhead, mapConcurrently } from '#functions/shared/concurrently.ts';
import { inBatches, joinStreamsLive } from '#lib/columns/batches.ts';
import { runs } from '#lib/contracts/keys.ts';
import {
  addCounts,
  decodeItemCounts,
  type ItemCounts,
  itemCountsFile,
} from '#lib/popularity/item-counts.ts';
import type { AllActionsManifest } from '#lib/sequences/all-actions.ts';
import {
  joinCases,
  joinHistories,
  joinShards,
  mergeEvents,
  numberRequests,
  requestsOf,
} from '#lib/sequences/buckets/join.ts';
import { sliceByTime } from '#lib/sequences/buckets/times.ts';
import {
  digestCaseBatch,
  digestEventBatch,
  digestItemTable,
  digestOf,
  digestShard,
  hashSequences,
} from '#lib/sequences/data-hash.ts';
import { expectEnough } from '#lib/sequences/enough.ts';
import {
  caseBatches,
  decodeEvaluationCases,
  encodeCaseBatch,
} from '#lib/sequences/evaluation-cases.ts';
import {
  decodeAllItems,
  decodeRecentHistories,
  type EverybodyManifest,
} from '#lib/sequences/everybody-files.ts';
import { encodeEventBatch, eventBatches } from '#lib/sequences/interaction-events.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import type { SequencesExcluded, SequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeSequenceShard, encodeSequenceShard } from '#lib/sequences/shard.ts';
import type { UserStorePart } from '#lib/sequences/user-store.ts';
import type { Objects } from '#platform/objects.ts';
import { countAnew } from '../count-anew.ts';
import { writeHistories } from './cut.ts';
import {
  type BucketCut,
  bucketCut,
  bucketsDivision,
  bucketsSettlement,
  decodeEventRows,
  eventBytes,
  pieceOf,
} from './files.ts';
import type { Night } from './night.ts';

type Kind = keyof BucketCut['pieces'];

/**
 * Puts together what lies across buckets, and writes the manifests, that of the sequences last: its presence says that the
 * rest is there.
 *
 * @throws ValidationError if too little is left to train and compare on
 */
export async function joinBuckets(
  objects: Objects,
  { run, manifest, config }: Night,
  buckets: number,
): Promise<SequencesManifest> {
  const division = await objects.getJson(runs.bucketsDivision(run), bucketsDivision);
  const settlement = await objects.getJson(runs.bucketsSettlement(run), bucketsSettlement);
  const all = Array.from({ length: buckets }, (_, bucket) => bucket);
  const cuts = await mapConcurrently(all, (bucket) =>
    objects.getJson(runs.bucketFile(run, 'cut', bucket), bucketCut),
  );
  const sum = (name: keyof BucketCut['sums']) =>
    cuts.reduce((total, { sums }) => total + sums[name], 0);
  const digests = await joinShardPieces(objects, run, cuts);
  const items = decodeAllItems(await objects.getBytes(runs.allItems(run)));
  const users: UserStorePart[] = [];
  for (const { pieces } of cuts) {
    for (const { part, users: own } of pieces.histories) if (own) users[part] = own;
  }
  const joinPart = async ([part, owners]: [part: number, owners: readonly number[]]) => {
    const pieces = await mapConcurrently(owners, async (bucket) => {
      const key = runs.bucketFile(run, pieceOf('histories', part), bucket);
      return decodeRecentHistories(await objects.getBytes(key));
    });
    const written = await writeHistories(objects, run, part, joinHistories(pieces), items);
    return { part, users: written.users };
  };
  for await (const joined of mapAhead(piecesOf(cuts, 'histories'), joinPart, largeAtOnce)) {
    users[joined.part] = joined.users;
  }
  const validation = await joinBucketCases(objects, run, 'validation', buckets);
  const test = await joinBucketCases(objects, run, 'test', buckets);
  const arrived =
    division.since === null ? undefined : await joinBucketCases(objects, run, 'arrived', buckets);
  const events = await joinBucketEvents(objects, run, cuts);

  const table = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const { totals } = division;
  const sequences: SequencesManifest = {
    users: sum('users'),
    items: table.itemIds.length,
    trainItems: table.counts.reduce((count, own) => count + (own > 0 ? 1 : 0), 0),
    interactions: sum('interactions'),
    duplicates: totals.duplicates,
    trainSequences: sum('trainSequences'),
    trainTransitions: sum('trainTransitions'),
    validationCases: validation.count,
    testCases: test.count,
    leftOutCases: settlement.judged.leftOut,
    since: division.since,
    newestAction: totals.newestAction,
    arrivedCases: arrived?.count ?? 0,
    shards: settlement.parts.train,
    window: config.sequences.window,
    split: config.sequences.split,
    basketShare: division.basketShare,
    baskets: division.baskets,
    repeatShare: settlement.repeatShare,
    excludeHistory: settlement.excludeHistory,
    dataHash: hashSequences({
      itemTable: digestItemTable(table),
      shards: digests,
      validation: validation.digest,
      test: test.digest,
      events,
    }),
  };
  expectEnough(sequences, config.sequences);
  let popularity: ItemCounts | undefined;
  const readCounts = (bucket: number) => popularityOf(objects, run, bucket);
  for await (const file of mapAhead(all, readCounts, largeAtOnce)) {
    const counts = decodeItemCounts(file);
    popularity = popularity === undefined ? counts : addCounts(popularity, counts);
  }
  await countAnew(objects, manifest, items, popularity!);
  await objects.putJson(runs.userStoreManifest(run), { parts: users });
  await objects.putJson(runs.everybodyManifest(run), {
    users: sum('everybody'),
    items: items.itemIds.length,
    listedItems: items.isListed.reduce((count, isListed) => count + isListed, 0),
    parts: settlement.parts.histories,
  } satisfies EverybodyManifest);
  await objects.putJson(runs.allActionsManifest(run), {
    parts: settlement.parts.allActions,
    rows: sum('allActionsRows'),
    actions: sum('allActions'),
    dataHash: sequences.dataHash,
  } satisfies AllActionsManifest);
  await objects.putJson(runs.excluded(run), {
    read: totals.read,
    notActions: totals.notActions,
    takenBack: totals.takenBack,
    unknownItems: totals.unknownItems,
    duplicates: totals.duplicates,
    tooOld: totals.actions - sum('learned'),
    belowMinimum: sum('learned') - sequences.interactions,
    usersBelowMinimum: totals.users - sequences.users,
    itemsBelowMinimum: totals.items - sequences.items,
    tiedTestCases: sum('tiedTestCases'),
  } satisfies SequencesExcluded);
  await objects.putJson(runs.sequencesManifest(run), sequences);
  return sequences;
}

/** Files of buckets (counts, histories; cases are larger) that are in memory at the same time. */
const largeAtOnce = 4;
const casesAtOnce = 2;

/** The cases of all buckets, of which no more than some buckets' are in memory. */
async function joinBucketCases(
  objects: Objects,
  run: string,
  split: 'validation' | 'test' | 'arrived',
  buckets: number,
): Promise<{ count: number; digest: string }> {
  let count = 0;
  const digests: string[] = [];
  async function* all() {
    let requests = 0;
    const each = Array.from({ length: buckets }, (_, bucket) => bucket);
    const read = (bucket: number) => objects.getBytes(runs.bucketFile(run, split, bucket));
    for await (const file of mapAhead(each, read, casesAtOnce)) {
      const cases = decodeEvaluationCases(file);
      yield numberRequests(cases, requests);
      requests += requestsOf(cases);
      count += cases.targets.length;
    }
  }
  async function* encoded() {
    for await (const batch of inBatches(all(), { ...caseBatches, join: joinCases })) {
      digests.push(digestCaseBatch(batch));
      yield encodeCaseBatch(batch);
    }
  }
  const stream = Readable.from(joinStreamsLive(encoded()));
  await objects.putStream(runs.evaluationCases(run, split), stream);
  return { count, digest: digestOf(digests) };
}

/** Events that are merged at once, about. */
const eventsOfSlice = 1_048_576;

/** The events of all buckets in order of time, of which no more than some hours' are in memory. */
async function joinBucketEvents(
  objects: Objects,
  run: string,
  cuts: readonly BucketCut[],
): Promise<string> {
  const digests: string[] = [];
  async function* all() {
    for (const slice of sliceByTime(
      cuts.map(({ events }) => events),
      eventsOfSlice,
    )) {
      const pieces = await mapConcurrently(slice.entries(), async ([bucket, [begin, end]]) => {
        const range = { start: begin * eventBytes, end: end * eventBytes };
        return begin === end
          ? noEvents
          : decodeEventRows(
              await objects.getBytes(runs.bucketFile(run, 'events', bucket), { range }),
            );
      });
      yield mergeEvents(pieces);
    }
  }
  async function* encoded() {
    for await (const batch of inBatches(all(), { ...eventBatches, join: mergeEvents })) {
      digests.push(digestEventBatch(batch));
      yield encodeEventBatch(batch);
    }
  }
  await objects.putStream(runs.events(run), Readable.from(joinStreamsLive(encoded())));
  return digestOf(digests);
}

const noEvents = decodeEventRows(new Uint8Array(0));

const popularityOf = (objects: Objects, run: string, bucket: number) =>
  objects.getJson(runs.bucketFile(run, 'popularity', bucket), itemCountsFile);

/** Buckets that have a piece of each part, by part. */
function piecesOf(cuts: readonly BucketCut[], kind: Kind): Map<number, number[]> {
  const owners = new Map<number, number[]>();
  for (const [bucket, { pieces }] of cuts.entries()) {
    for (const { part, isWhole } of pieces[kind]) {
      if (!isWhole) owners.set(part, [...(owners.get(part) ?? []), bucket]);
    }
  }
  return owners;
}

/** Joins the pieces of shards. @returns digests of all training shards, in order */
async function joinShardPieces(
  objects: Objects,
  run: string,
  cuts: readonly BucketCut[],
): Promise<string[]> {
  const join = async (kind: 'train' | 'allActions', part: number, owners: readonly number[]) => {
    const pieces = await mapConcurrently(owners, async (bucket) => {
      const key = runs.bucketFile(run, pieceOf(kind, part), bucket);
      return decodeSequenceShard(await objects.getBytes(key));
    });
    return joinShards(pieces);
  };
  const digests: string[] = [];
  for (const { pieces } of cuts) {
    for (const { part, digest } of pieces.train) if (digest) digests[part] = digest;
  }
  await mapConcurrently(piecesOf(cuts, 'train'), async ([part, owners]) => {
    const shard = await join('train', part, owners);
    await objects.putBytes(runs.trainShard(run, part), encodeSequenceShard(shard));
    digests[part] = digestShard(shard);
  });
  await mapConcurrently(piecesOf(cuts, 'allActions'), async ([part, owners]) => {
    const shard = await join('allActions', part, owners);
    await objects.putBytes(runs.allActions(run, part), encodeSequenceShard(shard));
  });
  return digests;
}
