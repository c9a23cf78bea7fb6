import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { ActionTable } from '../actions.ts';
import type { Parts } from '../parts.ts';
import { splitAt, splitLeaveOneOut, splitUsers, type TimeCuts } from '../split.ts';
import { type Bucket, selectActions } from './bucket.ts';

/*
 * The k-core of all buckets, in rounds: every bucket leaves out users with too few actions on the items that are left and
 * counts the items of the others; the counts of all buckets say which items are left for the next round, until nothing
 * changes. What is left then is the one largest set in which everybody has enough, as `filterToCore` finds it.
 */

/** Which items are left so far, by number of all items: 1 is left. */
export interface ItemsLeft {
  /** In the core of what trains. */
  readonly trained: Uint8Array;
  /** In the core of everything; only a split by time tells the two apart. */
  readonly all: Uint8Array;
  /** Taken after the end of training, whoever took it; nothing in other splits than that by time. */
  readonly later: Uint8Array;
}

/** How a run divides what everybody did, the same for all its buckets. */
export interface Division {
  readonly config: SequencesConfig;
  readonly baskets: boolean;
  /** Null in other splits than that by time. */
  readonly cuts: TimeCuts | null;
}

/**
 * What trains and who is judged, of one bucket, as `divide` decides it of all, given which items are left.
 *
 * @param numbers number of each of the bucket's items, from 0
 */
export function divideBucket(
  { actions }: Bucket,
  numbers: Int32Array,
  left: ItemsLeft,
  { config, baskets, cuts }: Division,
): Parts {
  const minimum = config.minimumUserInteractions;
  const { items, timestamps } = actions;
  const isLeft = (flags: Uint8Array, at: number) => flags[numbers[items[at]!]!] === 1;
  if (cuts === null) {
    const core = selectActions(
      actions,
      usersWithEnough(actions, minimum, (at) => isLeft(left.trained, at)),
    );
    const split =
      config.split === 'by-user' ? splitUsers(core, config.seed) : splitLeaveOneOut(core, baskets);
    return { trained: { actions: core, split }, judged: { actions: core, split }, all: core };
  }
  const isKnown = (at: number) => isLeft(left.trained, at) || isLeft(left.later, at);
  const isTrained = (at: number) =>
    timestamps[at]! <= cuts.lastOfTraining && isLeft(left.trained, at);
  const [trained, core] = [
    usersWithEnough(actions, minimum, isTrained),
    usersWithEnough(actions, minimum, (at) => isLeft(left.all, at)),
  ];
  const tables = [
    selectActions(actions, trained),
    selectActions(
      actions,
      Uint8Array.from(items, (_, at) => (isKnown(at) ? 1 : 0)),
    ),
    selectActions(
      actions,
      core.map((is, at) => (is === 1 && isKnown(at) ? 1 : 0)),
    ),
  ] as const;
  return {
    trained: { actions: tables[0], split: splitAt(tables[0], cuts) },
    judged: { actions: tables[1], split: splitAt(tables[1], cuts) },
    all: tables[2],
  };
}

/** Actions that count, of users who have enough of them. */
function usersWithEnough(
  { offsets, items }: ActionTable,
  minimum: number,
  counts: (at: number) => boolean,
): Uint8Array {
  const isIn = new Uint8Array(items.length);
  for (let user = 0; user + 1 < offsets.length; user++) {
    let own = 0;
    for (let at = offsets[user]!; at < offsets[user + 1]!; at++) {
      if (!counts(at)) continue;
      isIn[at] = 1;
      own++;
    }
    if (own < minimum) isIn.fill(0, offsets[user]!, offsets[user + 1]!);
  }
  return isIn;
}

/** How often the bucket's users, as far as they are left, took its items; by place in `itemIds`. */
export interface BucketCounts {
  readonly trained: Int32Array;
  readonly all: Int32Array;
  /** In the training part of the split. */
  readonly learnt: Int32Array;
  /** 1 for an item taken after the end of training. */
  readonly later: Int32Array;
}

/** Counts the items of a bucket for the next round. @param parts as `divideBucket` gives them */
export function countBucket(
  bucket: Bucket,
  parts: Parts,
  numbers: Int32Array,
  left: ItemsLeft,
  { config, cuts }: Division,
): BucketCounts {
  const counted = () => new Int32Array(bucket.itemIds.length);
  const counts = { trained: counted(), all: counted(), learnt: counted(), later: counted() };
  const { actions, split } = parts.trained;
  for (const item of actions.items) counts.trained[item]!++;
  for (let user = 0; user < actions.userIds.length; user++) {
    const first = actions.offsets[user]!;
    for (let at = first; at < first + split.trainEnds[user]!; at++) {
      counts.learnt[actions.items[at]!]!++;
    }
  }
  if (cuts === null) {
    counts.all.set(counts.trained);
    return counts;
  }
  const { items, timestamps } = bucket.actions;
  const core = usersWithEnough(
    bucket.actions,
    config.minimumUserInteractions,
    (at) => left.all[numbers[items[at]!]!] === 1,
  );
  for (let at = 0; at < items.length; at++) {
    if (core[at] === 1) counts.all[items[at]!]!++;
    if (timestamps[at]! > cuts.lastOfTraining) counts.later[items[at]!] = 1;
  }
  return counts;
}

/** Sums of `BucketCounts` over buckets, by number of all items. */
export class CoreRound {
  readonly trained: Int32Array;
  readonly all: Int32Array;
  readonly learnt: Int32Array;
  readonly later: Uint8Array;

  constructor(items: number) {
    this.trained = new Int32Array(items);
    this.all = new Int32Array(items);
    this.learnt = new Int32Array(items);
    this.later = new Uint8Array(items);
  }

  add(numbers: Int32Array, counts: BucketCounts): void {
    for (let place = 0; place < numbers.length; place++) {
      const item = numbers[place]!;
      this.trained[item]! += counts.trained[place]!;
      this.all[item]! += counts.all[place]!;
      this.learnt[item]! += counts.learnt[place]!;
      if (counts.later[place]! > 0) this.later[item] = 1;
    }
  }

  /** Which items are left now, and whether that is what the buckets counted with. */
  next(before: ItemsLeft, minimum: number): { left: ItemsLeft; isSettled: boolean } {
    const enough = (flags: Uint8Array, counts: Int32Array) =>
      flags.map((flag, item) => (flag === 1 && counts[item]! >= minimum ? 1 : 0));
    const left = {
      trained: enough(before.trained, this.trained),
      all: enough(before.all, this.all),
      later: this.later,
    };
    const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
    const isSettled =
      isSame(left.trained, before.trained) &&
      isSame(left.all, before.all) &&
      isSame(left.later, before.later);
    return { left, isSettled };
  }
}

/** Before the first round, everything is left. */
export const everythingLeft = (items: number): ItemsLeft => ({
  trained: new Uint8Array(items).fill(1),
  all: new Uint8Array(items).fill(1),
  later: new Uint8Array(items),
});
