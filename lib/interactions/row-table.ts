import type { RowColumns } from './row-block.ts';
import type { Interaction } from './rows.ts';

/** Rows by user, users in the order of their ids (UTF-16 code units). */
export interface SortedUsers {
  readonly users: readonly string[];
  /** User `u` has the places `offsets[u]` to `offsets[u + 1] - 1` of `order`, `[users + 1]`. */
  readonly offsets: Int32Array;
  /** Rows, those of a user in the order in which they came, `[rows]`. */
  readonly order: Int32Array;
}

const firstRows = 1024;

/**
 * Rows until they are sorted, as columns: half a million objects that live as long as it takes to read them would all be
 * moved about by the garbage collector.
 */
export function createRowTable() {
  let length = 0;
  let users = new Map<string, number>();
  let eventNumbers = new Map<string | null, number>();
  let items: string[] = [];
  /** By row, of those that name one. */
  let recommendations = new Map<number, string>();
  let userOf = new Int32Array(firstRows);
  let timestamps = new Float64Array(firstRows);
  let events = new Int32Array(firstRows);
  let values = new Float64Array(firstRows);
  let lines = new Float64Array(firstRows);

  function grow(): void {
    const rows = 2 * userOf.length;
    const larger = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    userOf = larger(new Int32Array(rows), userOf);
    timestamps = larger(new Float64Array(rows), timestamps);
    events = larger(new Int32Array(rows), events);
    values = larger(new Float64Array(rows), values);
    lines = larger(new Float64Array(rows), lines);
  }

  return {
    get length(): number {
      return length;
    },
    add(row: Interaction): void {
      if (length === userOf.length) grow();
      userOf[length] = numberOf(users, row.user_id);
      items.push(row.item_id);
      timestamps[length] = row.timestamp;
      events[length] = numberOf(eventNumbers, row.event_type);
      // No value is NaN: numbers of files are finite.
      values[length] = row.value ?? Number.NaN;
      lines[length] = row.line;
      if (row.recommendation_id !== undefined) recommendations.set(length, row.recommendation_id);
      length++;
    },
    columns: (): RowColumns => ({
      items,
      timestamps,
      events,
      eventTypes: [...eventNumbers.keys()],
      values,
      lines,
      recommendations,
    }),
    sort(): SortedUsers {
      const sorted = [...users.keys()].sort();
      const placeOf = new Int32Array(users.size); // of a user's number
      sorted.forEach((user, place) => {
        placeOf[users.get(user)!] = place;
      });
      // A counting sort, which leaves a user's rows in their order.
      const offsets = new Int32Array(users.size + 1);
      for (let row = 0; row < length; row++) offsets[placeOf[userOf[row]!]! + 1]!++;
      for (let user = 0; user < users.size; user++) offsets[user + 1]! += offsets[user]!;
      const next = offsets.slice();
      const order = new Int32Array(length);
      for (let row = 0; row < length; row++) order[next[placeOf[userOf[row]!]!]!++] = row;
      return { users: sorted, offsets, order };
    },
    /** Keeps the memory for the next rows. */
    clear(): void {
      length = 0;
      users = new Map();
      eventNumbers = new Map();
      items = [];
      recommendations = new Map();
    },
  };
}

function numberOf<Name>(numbers: Map<Name, number>, name: Name): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size);
  return numbers.size - 1;
}
