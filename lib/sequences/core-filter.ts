import type { Histories } from './histories.ts';

/** The smallest numbers of interactions with which users and items stay. */
export interface CoreMinimum {
  readonly user: number;
  readonly item: number;
}

/**
 * The k-core of users and items: leaves out users and items with too few interactions, and whatever falls short for
 * want of those, until nothing changes. The result is the one largest set in which everybody has enough; it does not
 * depend on the order of removal. Linear in the number of interactions.
 *
 * @param histories rows by user
 * @param itemOf item number of each row of the log
 * @param items how many item numbers there are
 * @returns the histories of what stays; users who do not stay have none
 */
export function filterToCore(
  histories: Histories,
  itemOf: Int32Array,
  items: number,
  minimum: CoreMinimum,
): Histories {
  const { offsets, rows } = histories;
  const users = offsets.length - 1;
  const userOf = new Int32Array(rows.length);
  const userCounts = new Int32Array(users);
  const itemCounts = new Int32Array(items);
  for (let user = 0; user < users; user++) {
    userCounts[user] = offsets[user + 1]! - offsets[user]!;
    userOf.fill(user, offsets[user]!, offsets[user + 1]!);
  }
  for (const row of rows) itemCounts[itemOf[row]!]!++;
  const byItem = placesByItem(rows, itemOf, itemCounts);

  // Vertices still to be removed: users are u, items are users + i.
  const pending: number[] = [];
  for (let user = 0; user < users; user++) if (userCounts[user]! < minimum.user) pending.push(user);
  for (let item = 0; item < items; item++) {
    if (itemCounts[item]! < minimum.item) pending.push(users + item);
  }
  const isOut = new Uint8Array(rows.length);
  const remove = (place: number) => {
    if (isOut[place]) return;
    isOut[place] = 1;
    const user = userOf[place]!;
    const item = itemOf[rows[place]!]!;
    // A count passes below its minimum only once, so each vertex is pending at most once.
    if (userCounts[user]!-- === minimum.user) pending.push(user);
    if (itemCounts[item]!-- === minimum.item) pending.push(users + item);
  };
  while (pending.length > 0) {
    const vertex = pending.pop()!;
    if (vertex < users) {
      for (let place = offsets[vertex]!; place < offsets[vertex + 1]!; place++) remove(place);
    } else {
      const item = vertex - users;
      for (let at = byItem.offsets[item]!; at < byItem.offsets[item + 1]!; at++) {
        remove(byItem.places[at]!);
      }
    }
  }
  return compact(histories, isOut);
}

/** Where each item occurs in `rows` (counting sort). */
function placesByItem(rows: Int32Array, itemOf: Int32Array, counts: Int32Array) {
  const offsets = new Int32Array(counts.length + 1);
  for (let item = 0; item < counts.length; item++)
    offsets[item + 1] = offsets[item]! + counts[item]!;
  const next = offsets.slice(0, counts.length);
  const places = new Int32Array(rows.length);
  for (let place = 0; place < rows.length; place++) places[next[itemOf[rows[place]!]!]!++] = place;
  return { offsets, places };
}

function compact({ offsets, rows, duplicates }: Histories, isOut: Uint8Array): Histories {
  const keptOffsets = new Int32Array(offsets.length);
  const kept = new Int32Array(rows.length);
  let end = 0;
  for (let user = 0; user + 1 < offsets.length; user++) {
    for (let place = offsets[user]!; place < offsets[user + 1]!; place++) {
      if (!isOut[place]) kept[end++] = rows[place]!;
    }
    keptOffsets[user + 1] = end;
  }
  return { offsets: keptOffsets, rows: kept.subarray(0, end), duplicates };
}
