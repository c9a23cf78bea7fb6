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
  /** Every action once, in no particular order: its item (an index of `items`) and time (Unix seconds), `[actions]`. */
  readonly actions: { readonly items: Int32Array; readonly times: Float64Array };
  /** Users in order of their ids, shared out to parts. */
  readonly parts: readonly RecentHistories[];
}

export interface EverybodyOptions {
  /** Longest history kept, in items. */
  readonly window: number;
  /** Users of a part, at most. */
  readonly usersPerPart?: number;
}

/** Gathers everybody's newest actions. Depends on the set of interactions and the catalogue alone. */
export function gatherEverybody(
  log: InteractionLog,
  histories: Histories,
  { window, usersPerPart = 50_000 }: EverybodyOptions,
): Everybody {
  const { items, indexOf } = gatherItems(log, histories);
  const users = Int32Array.from(log.userIds.keys())
    .filter((user) => histories.offsets[user + 1]! > histories.offsets[user]!)
    .sort((a, b) => (log.userIds[a]! < log.userIds[b]! ? -1 : 1)); // ids differ
  const parts: RecentHistories[] = [];
  for (let begin = 0; begin < users.length; begin += usersPerPart) {
    const some = users.subarray(begin, begin + usersPerPart);
    parts.push(gatherHistories(log, histories, indexOf, some, window));
  }
  const { rows } = histories;
  const actions = {
    items: Int32Array.from(rows, (row) => indexOf[log.items[row]!]!),
    times: Float64Array.from(rows, (row) => log.timestamps[row]!),
  };
  const fields = log.catalogue && indexFields(log.catalogue, items.itemIds);
  return { items, fields, actions, parts };
}

/** All items, and the index of each item number of the log. */
function gatherItems(log: InteractionLog, { rows }: Histories) {
  const taken = new Int32Array(log.itemIds.length);
  for (const row of rows) taken[log.items[row]!]!++;
  const counts = new Map(log.itemIds.map((id, number) => [id, taken[number]!]));
  for (const id of log.catalogue?.keys() ?? []) if (!counts.has(id)) counts.set(id, 0);
  const order = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const places = new Map(order.map(([id], place) => [id, place + 1]));
  const items: AllItems = {
    itemIds: order.map(([id]) => id),
    titles: order.map(([id]) => log.catalogue?.get(id)?.title ?? id),
    counts: Int32Array.from(order, ([, count]) => count),
    isListed: Uint8Array.from(order, ([id]) => (log.catalogue?.get(id)?.hasLeft ? 0 : 1)),
  };
  return { items, indexOf: Int32Array.from(log.itemIds, (id) => places.get(id)!) };
}

function gatherHistories(
  log: InteractionLog,
  { offsets: begins, rows }: Histories,
  indexOf: Int32Array,
  users: Int32Array,
  window: number,
): RecentHistories {
  const offsets = new Int32Array(users.length + 1);
  const earlierOffsets = new Int32Array(users.length + 1);
  const newest: number[] = []; // rows of the log
  const earlierItems: number[] = [];
  users.forEach((user, place) => {
    const first = begins[user]!;
    const end = begins[user + 1]!;
    const begin = Math.max(first, end - window);
    for (let at = begin; at < end; at++) newest.push(rows[at]!);
    offsets[place + 1] = newest.length;
    if (begin > first) {
      const itemAt = (at: number) => indexOf[log.items[rows[at]!]!]!;
      const inWindow = new Set<number>();
      for (let at = begin; at < end; at++) inWindow.add(itemAt(at));
      const before = new Set<number>();
      for (let at = first; at < begin; at++) if (!inWindow.has(itemAt(at))) before.add(itemAt(at));
      for (const item of [...before].sort((a, b) => a - b)) earlierItems.push(item);
    }
    earlierOffsets[place + 1] = earlierItems.length;
  });
  return {
    users: Array.from(users, (user) => log.userIds[user]!),
    offsets,
    items: Int32Array.from(newest, (row) => indexOf[log.items[row]!]!),
    times: Float64Array.from(newest, (row) => log.timestamps[row]!),
    earlierOffsets,
    earlierItems: Int32Array.from(earlierItems),
  };
}
