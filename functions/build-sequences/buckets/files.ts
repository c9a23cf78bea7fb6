import * as z from 'zod';
import { decodeColumns, type ListColumn } from '#lib/columns/arrow-reading.ts';
import {
  encodeColumns,
  float32Values,
  float64Values,
  int32Column,
  int32Values,
  listColumn,
  utf8Column,
} from '#lib/columns/arrow-writing.ts';
import type { ArrivedUser } from '#lib/sequences/arrived.ts';
import type { Bucket } from '#lib/sequences/buckets/bucket.ts';
import type { BucketCounts, ItemsLeft } from '#lib/sequences/buckets/core.ts';
import type { BucketMeasures } from '#lib/sequences/buckets/settle.ts';
import type { InteractionEvents } from '#lib/sequences/interaction-events.ts';
import { judgedClasses } from '#lib/sequences/judged.ts';
import { userStorePart } from '#lib/sequences/user-store.ts';

/*
 * What the steps of a build in buckets leave for each other below `runs/<run>/buckets/`. Nothing else reads it, and it goes
 * with the run.
 */

const count = z.int().min(0);

/** `plan.json`: user ids from `from` on and below `to` are a bucket. */
export const bucketsPlan = z.strictObject({
  buckets: z.array(z.strictObject({ from: z.string(), to: z.string().nullable() })).min(1),
});

const totals = z.strictObject({
  read: count,
  notActions: count,
  takenBack: count,
  unknownItems: count,
  duplicates: count,
  users: count,
  actions: count,
  sharedTimes: count,
  newestAction: z.number(),
});

/** `totals/part-<bucket>`. */
export const bucketTotals = z.strictObject({
  totals,
  /** As `SortedTimes`. */
  hours: z.array(z.number()),
  counts: z.array(count),
});

/** `division.json`. */
export const bucketsDivision = z.strictObject({
  totals: totals.extend({ items: count }),
  basketShare: z.number(),
  baskets: z.boolean(),
  after: z.number().nullable(),
  cuts: z.strictObject({ lastOfTraining: z.number(), lastOfValidation: z.number() }).nullable(),
  since: z.number().nullable(),
  /** How many items there are at all. */
  items: count,
});

const arrivedUser = z.strictObject({
  id: z.string(),
  hash: z.number(),
  cases: count,
}) satisfies z.ZodType<ArrivedUser>;

const bytes = z.base64().transform((text) => new Uint8Array(Buffer.from(text, 'base64')));

/** `measures/part-<bucket>`. */
export const bucketMeasures = z.strictObject({
  repeats: count,
  transitions: count,
  train: bytes,
  allActions: bytes,
  everybody: count,
  cases: z.strictObject({
    validation: z.array(count).length(judgedClasses),
    test: z.array(count).length(judgedClasses),
  }),
  arrived: z.array(arrivedUser),
}) satisfies z.ZodType<BucketMeasures>;

export const measuresFile = (measures: BucketMeasures) => ({
  ...measures,
  train: Buffer.from(measures.train).toString('base64'),
  allActions: Buffer.from(measures.allActions).toString('base64'),
});

const openPart = z.strictObject({ part: count, filled: count });
const ofKinds = <T extends z.ZodType>(each: T) =>
  z.strictObject({ train: each, allActions: each, histories: each });

/** `settlement.json`. */
export const bucketsSettlement = z.strictObject({
  repeatShare: z.number(),
  excludeHistory: z.boolean(),
  entries: z.array(ofKinds(openPart)),
  parts: ofKinds(count),
  judged: z.strictObject({ validation: count, test: count, leftOut: count }),
  leftOut: z.strictObject({ id: z.string(), hash: z.number() }).nullable(),
});

/** A part of a kind of which a bucket has something: all of it, or a piece. */
const piece = z.strictObject({
  part: count,
  isWhole: z.boolean(),
  /** Of a whole training shard. */
  digest: z.string().optional(),
  /** What the store of users says of a whole part of histories. */
  users: userStorePart.optional(),
});

/** `cut/part-<bucket>`. */
export const bucketCut = z.strictObject({
  pieces: ofKinds(z.array(piece)),
  /** When its events are, as `SortedTimes` has it. */
  events: z.strictObject({
    hours: z.array(z.number()).readonly(),
    counts: z.array(count).readonly(),
  }),
  sums: z.strictObject({
    users: count,
    interactions: count,
    trainSequences: count,
    trainTransitions: count,
    allActionsRows: count,
    allActions: count,
    tiedTestCases: count,
    everybody: count,
    learned: count,
  }),
});

export type BucketCut = z.infer<typeof bucketCut>;

/** Name of what a bucket has of a part that others have more of. */
export const pieceOf = (kind: keyof BucketCut['pieces'], part: number): string =>
  `pieces/${kind}-${part}`;

/** `actions/part-<bucket>`: a row a user. */
export function encodeActions({ actions }: Bucket): Uint8Array {
  const { offsets } = actions;
  const columns = [
    utf8Column('user_id', actions.userIds),
    listColumn('items', offsets, int32Values(actions.items)),
    listColumn('timestamps', offsets, float64Values(actions.timestamps)),
    listColumn('rewards', offsets, float32Values(actions.rewards)),
    listColumn('events', offsets, int32Values(actions.events)),
  ];
  return encodeColumns(columns, { eventTypes: JSON.stringify(actions.eventTypes) });
}

/** `items/part-<bucket>`: its items, ascending, and how many actions each has. */
export function encodeItems({ actions, itemIds }: Bucket): Uint8Array {
  const counts = new Int32Array(itemIds.length);
  for (const item of actions.items) counts[item]!++;
  return encodeColumns([utf8Column('item_id', itemIds), int32Column('count', counts)]);
}

export function decodeItems(file: Uint8Array) {
  const columns = decodeColumns(file, "a bucket's items");
  return { ids: columns.column('item_id').strings(), counts: columns.column('count').int32() };
}

export function decodeBucket(actions: Uint8Array, items: Uint8Array): Bucket {
  const columns = decodeColumns(actions, "a bucket's actions");
  const list = (name: string): ListColumn => columns.column(name).list();
  const places = list('items');
  const all = places.values.int32();
  return {
    actions: {
      userIds: columns.column('user_id').strings(),
      offsets: places.offsets,
      items: all,
      timestamps: list('timestamps').values.float64(),
      rewards: list('rewards').values.float32(),
      events: list('events').values.int32(),
      eventTypes: z.array(z.string()).parse(JSON.parse(columns.metadata.get('eventTypes') ?? '[]')),
      rows: Int32Array.from(all.keys()),
    },
    itemIds: decodeItems(items).ids,
  };
}

/** `counts/part-<bucket>`: a row an item. */
export function encodeCounts({ trained, all, learnt, later }: BucketCounts): Uint8Array {
  return encodeColumns([
    int32Column('trained', trained),
    int32Column('all', all),
    int32Column('learnt', learnt),
    int32Column('later', later),
  ]);
}

export function decodeCounts(file: Uint8Array): BucketCounts {
  const columns = decodeColumns(file, "a bucket's counts");
  const values = (name: string) => columns.column(name).int32();
  return {
    trained: values('trained'),
    all: values('all'),
    learnt: values('learnt'),
    later: values('later'),
  };
}

/** `left/<round>.bin`: a byte for each item of each of the three. */
export const encodeLeft = ({ trained, all, later }: ItemsLeft): Uint8Array =>
  Buffer.concat([trained, all, later]);

export function decodeLeft(file: Uint8Array): ItemsLeft {
  const items = file.length / 3;
  return {
    trained: file.subarray(0, items),
    all: file.subarray(items, 2 * items),
    later: file.subarray(2 * items),
  };
}

/** Bytes of an event in `events/part-<bucket>`: time (float64), item and held out (int32 each). */
export const eventBytes = 16;

/** Events row by row, so that those of some hours can be read alone. */
export function encodeEventRows({ items, times, isHeldOut }: InteractionEvents): Uint8Array {
  const rows = new ArrayBuffer(eventBytes * items.length);
  const floats = new Float64Array(rows);
  const ints = new Int32Array(rows);
  for (let at = 0; at < items.length; at++) {
    floats[2 * at] = times[at]!;
    ints[4 * at + 2] = items[at]!;
    ints[4 * at + 3] = isHeldOut[at]!;
  }
  return new Uint8Array(rows);
}

export function decodeEventRows(file: Uint8Array): InteractionEvents {
  const rows = new Uint8Array(file).buffer;
  const floats = new Float64Array(rows);
  const ints = new Int32Array(rows);
  const places = Int32Array.from({ length: file.length / eventBytes }, (_, at) => at);
  return {
    items: places.map((at) => ints[4 * at + 2]!),
    times: Float64Array.from(places, (at) => floats[2 * at]!),
    isHeldOut: Uint8Array.from(places, (at) => ints[4 * at + 3]!),
  };
}

/** Numbers in the machine's order, which is little-endian wherever this runs. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array | Float64Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);

export const int32Of = (file: Uint8Array): Int32Array =>
  new Int32Array(new Uint8Array(file).buffer);
export const float64Of = (file: Uint8Array): Float64Array =>
  new Float64Array(new Uint8Array(file).buffer);
