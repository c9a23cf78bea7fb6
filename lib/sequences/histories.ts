import { hash32 } from './hash32.ts';
import type { InteractionLog } from './interaction-log.ts';

/** Users' actions in time order, as rows of a log: user `u` has `rows[offsets[u]]` to `rows[offsets[u + 1] - 1]`. */
export interface Histories {
  /** `[users + 1]` */
  readonly offsets: Int32Array;
  /** Row numbers of the log. */
  readonly rows: Int32Array;
  /** Actions that were there twice (same user, item, time and event type) and are left out. */
  readonly duplicates: number;
}

/** How actions of one user with the same timestamp are ordered. */
export type TiePolicy = 'upload-order' | 'shuffled' | 'by-item';

/**
 * Orders each user's actions by time. Ties in time are ordered by object key, then line (`upload-order`), or by a
 * seeded hash of user, item and event type (`shuffled`), which destroys whatever order an export gave to rows of one
 * day, or by item id and event type (`by-item`), for baskets. An action that was uploaded more than once counts once. The
 * result does not depend on the order of the log.
 */
export function orderHistories(
  log: InteractionLog,
  ties: { readonly policy: TiePolicy; readonly seed: number },
): Histories {
  const users = log.userIds.length;
  const grouped = groupByUser(log, users);
  const compare = rowOrder(log, ties);
  const rows = new Int32Array(log.length);
  const offsets = new Int32Array(users + 1);
  let kept = 0;
  for (let user = 0; user < users; user++) {
    const history = grouped.rows.subarray(grouped.offsets[user]!, grouped.offsets[user + 1]!);
    if (!isOrdered(history, compare)) history.sort(compare);
    kept = copyWithoutDuplicates(log, history, rows, kept);
    offsets[user + 1] = kept;
  }
  return { offsets, rows: rows.subarray(0, kept), duplicates: log.length - kept };
}

/** Rows of each user, in row order (counting sort). */
function groupByUser(log: InteractionLog, users: number) {
  const offsets = new Int32Array(users + 1);
  for (let row = 0; row < log.length; row++) offsets[log.users[row]! + 1]!++;
  for (let user = 0; user < users; user++) offsets[user + 1]! += offsets[user]!;
  const next = offsets.slice(0, users);
  const rows = new Int32Array(log.length);
  for (let row = 0; row < log.length; row++) rows[next[log.users[row]!]!++] = row;
  return { offsets, rows };
}

/** A total order of one user's rows. */
function rowOrder(log: InteractionLog, ties: { policy: TiePolicy; seed: number }) {
  const ranks = new Int32Array(log.parts.length);
  const byKey = [...log.parts.keys()].sort((a, b) =>
    log.parts[a]! < log.parts[b]! ? -1 : log.parts[a]! > log.parts[b]! ? 1 : a - b,
  );
  byKey.forEach((part, rank) => {
    ranks[part] = rank;
  });
  const shuffle = (row: number) =>
    hash32(
      `${log.userIds[log.users[row]!]}\n${log.itemIds[log.items[row]!]}\n${log.eventTypes[log.events[row]!]}`,
      ties.seed,
    );
  return (a: number, b: number): number => {
    const time = log.timestamps[a]! - log.timestamps[b]!;
    if (time !== 0) return time;
    if (ties.policy === 'by-item') {
      return (
        compareTexts(log.itemIds[log.items[a]!]!, log.itemIds[log.items[b]!]!) ||
        compareTexts(log.eventTypes[log.events[a]!]!, log.eventTypes[log.events[b]!]!) ||
        ranks[log.partOf[a]!]! - ranks[log.partOf[b]!]! ||
        log.lines[a]! - log.lines[b]!
      );
    }
    if (ties.policy === 'shuffled') {
      const order = shuffle(a) - shuffle(b);
      if (order !== 0) return order;
    }
    return ranks[log.partOf[a]!]! - ranks[log.partOf[b]!]! || log.lines[a]! - log.lines[b]!;
  };
}

function isOrdered(rows: Int32Array, compare: (a: number, b: number) => number): boolean {
  for (let at = 1; at < rows.length; at++) {
    if (compare(rows[at - 1]!, rows[at]!) > 0) return false;
  }
  return true;
}

/** Appends an ordered history to `to` from `at` on, each action once; returns where it ends. */
function copyWithoutDuplicates(
  log: InteractionLog,
  history: Int32Array,
  to: Int32Array,
  at: number,
): number {
  let end = at;
  const seen = new Set<number>(); // item and event type, of the actions at one time
  for (let index = 0; index < history.length; index++) {
    const row = history[index]!;
    const time = log.timestamps[row]!;
    const isTied =
      (index > 0 && log.timestamps[history[index - 1]!] === time) ||
      (index + 1 < history.length && log.timestamps[history[index + 1]!] === time);
    if (isTied) {
      if (index > 0 && log.timestamps[history[index - 1]!] !== time) seen.clear();
      const action = log.items[row]! * log.eventTypes.length + log.events[row]!;
      if (seen.has(action)) continue;
      seen.add(action);
    }
    to[end++] = row;
  }
  return end;
}

const compareTexts = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** The histories' rows of the log that are to stay. */
export function keepRows(
  { offsets, rows, duplicates }: Histories,
  keeps: (row: number) => boolean,
): Histories {
  const left = new Int32Array(offsets.length);
  const kept: number[] = [];
  for (let user = 0; user + 1 < offsets.length; user++) {
    for (let at = offsets[user]!; at < offsets[user + 1]!; at++) {
      if (keeps(rows[at]!)) kept.push(rows[at]!);
    }
    left[user + 1] = kept.length;
  }
  return { offsets: left, rows: Int32Array.from(kept), duplicates };
}
