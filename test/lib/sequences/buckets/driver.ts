import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { basketShare, formBaskets } from '#lib/sequences/baskets.ts';
import { addTotals, learnedOf, openBucket, orderBaskets } from '#lib/sequences/buckets/bucket.ts';
import {
  CoreRound,
  countBucket,
  type Division,
  divideBucket,
  everythingLeft,
} from '#lib/sequences/buckets/core.ts';
import { cutBucket, type Piece } from '#lib/sequences/buckets/cut.ts';
import {
  joinCases,
  joinHistories,
  joinShards,
  mergeEvents,
  numberRequests,
  requestsOf,
} from '#lib/sequences/buckets/join.ts';
import {
  measureBucket,
  partSizes,
  settle,
  settleVocabulary,
} from '#lib/sequences/buckets/settle.ts';
import { divideTimesOfBuckets, sortTimes } from '#lib/sequences/buckets/times.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { orderItems } from '#lib/sequences/everybody.ts';
import type { InteractionLog } from '#lib/sequences/interaction-log.ts';

/** The steps of a build in buckets, one behind the other in one process. @param logs one a bucket, in order of user ids */
export async function buildInBuckets(
  logs: readonly InteractionLog[],
  config: SequencesConfig,
  since?: number,
) {
  const opened = logs.map((log) => openBucket(log, config));
  const counts = new Map<string, number>();
  for (const { bucket } of opened) {
    for (const id of bucket.itemIds) counts.set(id, counts.get(id) ?? 0);
    for (const item of bucket.actions.items) {
      const id = bucket.itemIds[item]!;
      counts.set(id, counts.get(id)! + 1);
    }
  }
  const totals = { ...addTotals(opened.map((one) => one.totals)), items: counts.size };
  const { catalogue } = logs[0]!;
  const items = orderItems(counts, catalogue);
  const places = new Map(items.itemIds.map((id, place) => [id, place]));
  const share = basketShare(totals.sharedTimes, totals.actions);
  const baskets = formBaskets(config.baskets, share);
  const times = opened.map(({ bucket }) => sortTimes(bucket.actions.timestamps));
  const { after, cuts } = await divideTimesOfBuckets(
    times,
    async (bucket, begin, end) => times[bucket]!.times.slice(begin, end),
    config,
  );
  const division: Division = { config, baskets, cuts };
  const buckets = opened.map(({ bucket }) => (baskets ? orderBaskets(bucket) : bucket));
  const learned = buckets.map((bucket) => learnedOf(bucket, after));
  const numbers = buckets.map(({ itemIds }) => Int32Array.from(itemIds, (id) => places.get(id)!));

  let left = everythingLeft(items.itemIds.length);
  for (let rounds = 1; ; rounds++) {
    const round = new CoreRound(items.itemIds.length);
    const parts = learned.map((bucket, at) => divideBucket(bucket, numbers[at]!, left, division));
    for (const [at, bucket] of learned.entries()) {
      round.add(numbers[at]!, countBucket(bucket, parts[at]!, numbers[at]!, left, division));
    }
    const { left: next, isSettled } = round.next(left, config.minimumItemInteractions);
    left = next;
    if (!isSettled) continue;
    const vocabulary = settleVocabulary(items, catalogue, left, round, totals, config);
    const settlement = settle(
      buckets.map((bucket, at) => measureBucket(bucket, parts[at]!, config, baskets, since)),
      config,
    );
    const cut = buckets.map((bucket, at) =>
      cutBucket(
        bucket,
        learned[at]!,
        parts[at]!,
        numbers[at]!.map((number) => number + 1),
        numbers[at]!.map((number) => vocabulary.indexOf[number]!),
        {
          window: config.window,
          excludeHistory: settlement.excludeHistory,
          baskets,
          entry: settlement.entries[at]!,
          most: partSizes(config),
          judged: settlement.judged,
          arrived: since === undefined ? null : { since, leftOut: settlement.leftOut },
        },
      ),
    );
    return {
      rounds,
      totals,
      items,
      itemTable: vocabulary.table,
      settlement,
      shards: joined(
        cut.flatMap((one) => one.train),
        joinShards,
      ),
      allActions: joined(
        cut.flatMap((one) => one.allActions),
        joinShards,
      ),
      histories: joined(
        cut.flatMap((one) => one.histories),
        joinHistories,
      ),
      validation: joinNumbered(cut.map((one) => one.validation)),
      test: joinNumbered(cut.map((one) => one.test)),
      arrived: since === undefined ? undefined : joinNumbered(cut.map((one) => one.arrived!)),
      events: mergeEvents(cut.map((one) => one.events)),
      sums: cut.map((one) => one.sums),
    };
  }
}

function joined<T>(pieces: readonly Piece<T>[], join: (pieces: readonly T[]) => T): T[] {
  const byPart = Map.groupBy(pieces, ({ part }) => part);
  return [...byPart.keys()]
    .sort((a, b) => a - b)
    .map((part) => {
      const own = byPart.get(part)!;
      if (own.some(({ isWhole }) => isWhole) && own.length > 1) throw new Error('a part twice');
      return join(own.map(({ content }) => content));
    });
}

function joinNumbered(pieces: readonly EvaluationCases[]): EvaluationCases {
  let requests = 0;
  return joinCases(
    pieces.map((piece) => {
      const numbered = numberRequests(piece, requests);
      requests += requestsOf(piece);
      return numbered;
    }),
  );
}
