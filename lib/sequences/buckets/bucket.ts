import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { type ActionTable, gatherActions } from '../actions.ts';
import { sharedTimes } from '../baskets.ts';
import { orderHistories } from '../histories.ts';
import type { InteractionLog } from '../interaction-log.ts';

/*
 * A bucket is everything that a run knows of some users: those whose ids lie between two others. Buckets of all users
 * together are the run. What one process needs of the others are counts by item and totals (docs/decisions/0013).
 */

/** What is summed over buckets. */
export interface BucketTotals {
  readonly read: number;
  readonly notActions: number;
  readonly takenBack: number;
  readonly unknownItems: number;
  readonly duplicates: number;
  /** Users with a row that may be an action, also if it was taken back. */
  readonly users: number;
  readonly actions: number;
  /** Actions at whose time the same user took something else as well. */
  readonly sharedTimes: number;
  /** Unix seconds; the largest of all buckets, not the sum. */
  readonly newestAction: number;
}

/** The actions of a bucket's users, each once, in time order. */
export interface Bucket {
  /** Items are places in `itemIds`, event types are sorted by name, `rows` counts from 0. */
  readonly actions: ActionTable;
  /** Items of the bucket, ascending (UTF-16 code units); some have no action left. */
  readonly itemIds: readonly string[];
}

/** The actions of a log in order of upload or shuffled, as configured; `orderBaskets` makes another order of it. */
export function openBucket(
  log: InteractionLog,
  { ties, seed }: Pick<SequencesConfig, 'ties' | 'seed'>,
): { bucket: Bucket; totals: BucketTotals } {
  const histories = orderHistories(log, { policy: ties, seed });
  const actions = gatherActions(log, histories);
  const items = sortedPlaces(log.itemIds);
  const events = sortedPlaces(log.eventTypes);
  return {
    bucket: {
      actions: {
        ...actions,
        items: actions.items.map((item) => items.places[item]!),
        events: actions.events.map((event) => events.places[event]!),
        eventTypes: events.sorted,
        rows: Int32Array.from(actions.rows.keys()),
      },
      itemIds: items.sorted,
    },
    totals: {
      read: log.read,
      notActions: log.notActions,
      takenBack: log.takenBack,
      unknownItems: log.unknownItems,
      duplicates: histories.duplicates,
      users: log.userIds.length,
      actions: actions.items.length,
      sharedTimes: sharedTimes(actions),
      newestAction: actions.timestamps.reduce((newest, time) => Math.max(newest, time), 0),
    },
  };
}

/** What of a bucket is learned from. @param after actions at this time and before are not; null: all are */
export function learnedOf(bucket: Bucket, after: number | null): Bucket {
  if (after === null) return bucket;
  const { actions } = bucket;
  const isLearned = Uint8Array.from(actions.timestamps, (time) => (time > after ? 1 : 0));
  return { ...bucket, actions: selectActions(actions, isLearned) };
}

/** Sums up totals. */
export function addTotals(all: readonly BucketTotals[]): BucketTotals {
  const sum = (name: keyof BucketTotals) => all.reduce((total, one) => total + one[name], 0);
  return {
    read: sum('read'),
    notActions: sum('notActions'),
    takenBack: sum('takenBack'),
    unknownItems: sum('unknownItems'),
    duplicates: sum('duplicates'),
    users: sum('users'),
    actions: sum('actions'),
    sharedTimes: sum('sharedTimes'),
    newestAction: all.reduce((newest, one) => Math.max(newest, one.newestAction), 0),
  };
}

/** Puts actions of one user at one time into the order of baskets: by item, then by event type. */
export function orderBaskets(bucket: Bucket): Bucket {
  const { offsets, items, timestamps, rewards, events, rows } = bucket.actions;
  const order = Int32Array.from(rows.keys());
  for (let user = 0; user + 1 < offsets.length; user++) {
    let begin = offsets[user]!;
    for (let at = begin + 1; at <= offsets[user + 1]!; at++) {
      if (at < offsets[user + 1]! && timestamps[at] === timestamps[begin]) continue;
      if (at - begin > 1) {
        order.subarray(begin, at).sort((a, b) => items[a]! - items[b]! || events[a]! - events[b]!);
      }
      begin = at;
    }
  }
  const actions = {
    ...bucket.actions,
    items: Int32Array.from(order, (at) => items[at]!),
    rewards: Float32Array.from(order, (at) => rewards[at]!),
    events: Int32Array.from(order, (at) => events[at]!),
  };
  return { ...bucket, actions };
}

/** The actions that a mask has, of users who have any. */
export function selectActions(actions: ActionTable, isIn: Uint8Array): ActionTable {
  const rows = actions.rows.map((_, at) => at).filter((at) => isIn[at] === 1);
  const userIds: string[] = [];
  const offsets = [0];
  let at = 0;
  for (let user = 0; user < actions.userIds.length; user++) {
    const before = at;
    while (at < rows.length && rows[at]! < actions.offsets[user + 1]!) at++;
    if (at === before) continue;
    userIds.push(actions.userIds[user]!);
    offsets.push(at);
  }
  return {
    userIds,
    offsets: Int32Array.from(offsets),
    items: Int32Array.from(rows, (row) => actions.items[row]!),
    timestamps: Float64Array.from(rows, (row) => actions.timestamps[row]!),
    rewards: Float32Array.from(rows, (row) => actions.rewards[row]!),
    events: Int32Array.from(rows, (row) => actions.events[row]!),
    eventTypes: actions.eventTypes,
    rows,
  };
}

/** Ids in ascending order, and the place there of each. */
function sortedPlaces(ids: readonly string[]) {
  const order = Int32Array.from(ids.keys()).sort((a, b) => (ids[a]! < ids[b]! ? -1 : 1)); // ids differ
  const places = new Int32Array(ids.length);
  order.forEach((id, place) => {
    places[id] = place;
  });
  return { sorted: Array.from(order, (id) => ids[id]!), places };
}
