import { type ActionTable, gatherActions } from './actions.ts';
import { type FieldIndex, indexFields } from './field-index.ts';
import type { Histories } from './histories.ts';
import type { InteractionLog } from './interaction-log.ts';

/*
 * The k-core decides who is trained and judged on, not who is served. This is what serving knows of everybody: all
 * users with at least one action, and all items that anybody took or the catalogue lists (docs/contracts.md, 3).
 */

/** Every item that there is: item index `i` (1 to the number of items; 0 is padding) is row `i - 1`. */
export interface AllItems {
  readonly itemIds: readonly string[];
  /** The catalogue's title; the item id where there is no catalogue. */
  readonly titles: readonly string[];
  /** Actions of everybody, `[items]`, descending; items with as many are in order of their ids. */
  readonly counts: Int32Array;
  /** 1 for an item that the newest catalogue has, and for all without a catalogue, `[items]`. Only these are shown. */
  readonly isListed: Uint8Array;
}

/** The newest actions of some users, in order of user ids. */
export interface RecentHistories {
  readonly users: readonly string[];
  /** `[users + 1]`: user `u` has `items[offsets[u]]` to `items[offsets[u + 1] - 1]`. */
  readonly offsets: Int32Array;
  /** Indices of `AllItems` in time order, at most `window` per user. */
  readonly items: Int32Array;
  /** Unix seconds, as `items`. */
  readonly times: Float64Array;
  /** `[users + 1]`, where each user's items begin in `earlierItems`. */
  readonly earlierOffsets: Int32Array;
  /** Items taken before those and not among them, each once, ascending. */
  readonly earlierItems: Int32Array;
}

export interface Everybody {
  readonly items: AllItems;
  /** Undefined without a catalogue. */
  readonly fields: FieldIndex | undefined;
  /** Every action that is learned from, once, in no particular order: its item (an index of `items`) and time (Unix seconds), `[actions]`. */
  readonly actions: { readonly items: Int32Array; readonly times: Float64Array };
  /** Users in order of their ids, shared out to parts. */
  readonly parts: readonly RecentHistories[];
}

export interface EverybodyOptions {
  /** Longest history kept, in items. */
  readonly window: number;
  /** Actions at this time and before are not learned from; null: all are. @default null */
  readonly after?: number | null;
  /** Users of a part, at most. */
  readonly usersPerPart?: number;
}

/** Users of a part of histories. */
export const usersOfPart = 50_000;

/** What `gatherHistories` needs of actions; items are indices of `AllItems`. */
export type Actions = Pick<ActionTable, 'userIds' | 'offsets' | 'items' | 'timestamps'>;

/** Gathers everybody's newest actions. Depends on the set of interactions and the catalogue alone. */
export function gatherEverybody(
  log: InteractionLog,
  histories: Histories,
  { window, after = null, usersPerPart = usersOfPart }: EverybodyOptions,
): Everybody {
  const taken = new Int32Array(log.itemIds.length);
  for (const row of histories.rows) taken[log.items[row]!]!++;
  const items = orderItems(
    new Map(log.itemIds.map((id, number) => [id, taken[number]!])),
    log.catalogue,
  );
  const places = new Map(items.itemIds.map((id, place) => [id, place + 1]));
  const indexOf = Int32Array.from(log.itemIds, (id) => places.get(id)!);
  const table = gatherActions(log, histories);
  const actions = { ...table, items: table.items.map((item) => indexOf[item]!) };
  const all = gatherHistories(actions, window);
  const parts: RecentHistories[] = [];
  for (let begin = 0; begin < all.users.length; begin += usersPerPart) {
    parts.push(selectHistories(all, begin, Math.min(all.users.length, begin + usersPerPart)));
  }
  const fields = log.catalogue && indexFields(log.catalogue, items.itemIds);
  return { items, fields, actions: newer(actions, after), parts };
}

/** Items and times of the actions after a time. */
function newer({ items, timestamps: times }: Actions, after: number | null) {
  if (after === null) return { items, times };
  return {
    items: items.filter((_, at) => times[at]! > after),
    times: times.filter((time) => time > after),
  };
}

/** All items in order, those of the catalogue that nobody took included. @param counts of actions, by item id */
export function orderItems(
  counts: Map<string, number>,
  catalogue: InteractionLog['catalogue'],
): AllItems {
  for (const id of catalogue?.keys() ?? []) if (!counts.has(id)) counts.set(id, 0);
  const order = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return {
    itemIds: order.map(([id]) => id),
    titles: order.map(([id]) => catalogue?.get(id)?.title ?? id),
    counts: Int32Array.from(order, ([, count]) => count),
    isListed: Uint8Array.from(order, ([id]) => (catalogue?.get(id)?.hasLeft ? 0 : 1)),
  };
}

/** The newest actions of users in order of their ids, each with some. */
export function gatherHistories(
  { userIds, offsets: begins, items, timestamps }: Actions,
  window: number,
): RecentHistories {
  const offsets = new Int32Array(userIds.length + 1);
  const earlierOffsets = new Int32Array(userIds.length + 1);
  for (let user = 0; user < userIds.length; user++) {
    const length = begins[user + 1]! - begins[user]!;
    offsets[user + 1] = offsets[user]! + Math.min(length, window);
  }
  const newest = new Int32Array(offsets[userIds.length]!);
  const times = new Float64Array(newest.length);
  const earlierItems: number[] = [];
  for (let user = 0; user < userIds.length; user++) {
    const first = begins[user]!;
    const end = begins[user + 1]!;
    const begin = Math.max(first, end - window);
    newest.set(items.subarray(begin, end), offsets[user]!);
    times.set(timestamps.subarray(begin, end), offsets[user]!);
    if (begin > first) {
      const inWindow = new Set(items.subarray(begin, end));
      const before = new Set(items.subarray(first, begin).filter((item) => !inWindow.has(item)));
      for (const item of [...before].sort((a, b) => a - b)) earlierItems.push(item);
    }
    earlierOffsets[user + 1] = earlierItems.length;
  }
  return {
    users: userIds,
    offsets,
    items: newest,
    times,
    earlierOffsets,
    earlierItems: Int32Array.from(earlierItems),
  };
}

/** The histories of users `[begin, end)`. */
export function selectHistories(
  { users, offsets, items, times, earlierOffsets, earlierItems }: RecentHistories,
  begin: number,
  end: number,
): RecentHistories {
  const from0 = (all: Int32Array) => all.subarray(begin, end + 1).map((at) => at - all[begin]!);
  return {
    users: users.slice(begin, end),
    offsets: from0(offsets),
    items: items.slice(offsets[begin], offsets[end]),
    times: times.slice(offsets[begin], offsets[end]),
    earlierOffsets: from0(earlierOffsets),
    earlierItems: earlierItems.slice(earlierOffsets[begin], earlierOffsets[end]),
  };
}
