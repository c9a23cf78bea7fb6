import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import { itemsPerPart } from './all-actions.ts';
import type { EvaluationCases } from './evaluation-cases.ts';
import type { Fitting } from './passes.ts';
import type { SequenceShard } from './shard.ts';
import { windowsOf } from './shards.ts';

/** How rows are made. */
export interface BeforeTestOptions
  extends Pick<
    SequencesConfig,
    'split' | 'window' | 'minimumUserInteractions' | 'minimumItemInteractions'
  > {
  /** Size of the vocabulary. */
  readonly items: number;
}

/**
 * Training and validation as rows: all actions but those that the test cases are about and whatever came after them. In a
 * split by time everybody's history ends before the first test case, in the others each user's before his own.
 *
 * Split by time, the k-core is that of what is left: whether somebody takes an item often enough later is not known yet,
 * and to count the first actions of just those items that become popular would tell. (The core of a part of the actions lies
 * in the core of all, so nothing is missing from what is given here.)
 *
 * Passes over rows of all actions (`all-actions.ts`) say which items are left; the cutter that comes out makes the rows
 * in one more. What is in memory grows with the items and the longest history.
 */
export function* cutterBeforeTest(
  test: Pick<EvaluationCases, 'users' | 'times'>,
  options: BeforeTestOptions,
): Fitting<RowCutter> {
  const { split, window, items, minimumUserInteractions, minimumItemInteractions } = options;
  const endOf = endsOf(test, split);
  if (split !== 'global-time') return new RowCutter(endOf, window, everything);
  const minimum = { user: minimumUserInteractions, item: minimumItemInteractions };
  return new RowCutter(endOf, window, yield* coreOf(endOf, items, minimum));
}

/** Who and what stays: actions on items that are left, of users who have enough of them. */
interface Core {
  isLeft(item: number): boolean;
  readonly minimumUser: number;
}

const everything: Core = { isLeft: () => true, minimumUser: 1 };

/**
 * The k-core of what may be known, in rounds: users with too few actions on the items that are left say nothing, and items
 * that the others took too rarely go, until nothing changes. It is the one that `filterToCore` finds.
 */
function* coreOf(
  endOf: (user: string) => number,
  items: number,
  minimum: { readonly user: number; readonly item: number },
): Fitting<Core> {
  const left = new Uint8Array(items + 1).fill(1);
  const core: Core = { isLeft: (item) => left[item] === 1, minimumUser: minimum.user };
  while (true) {
    const counts = new Int32Array(items + 1);
    const histories = new KnownHistories(endOf, (history) => {
      for (const at of placesIn(core, history)) counts[history.items[at]!]!++;
    });
    yield (shard) => histories.read(shard);
    histories.end();
    let gone = 0;
    for (let item = 1; item <= items; item++) {
      if (left[item] === 0 || counts[item]! >= minimum.item) continue;
      left[item] = 0;
      gone++;
    }
    if (gone === 0) return core;
  }
}

/** Places of the actions of a history that stay. */
function placesIn({ isLeft, minimumUser }: Core, { items }: KnownHistory): number[] {
  const places: number[] = [];
  for (let at = 0; at < items.length; at++) if (isLeft(items[at]!)) places.push(at);
  return places.length < minimumUser ? [] : places;
}

/** Time of the first action of a user that may not be known, Unix seconds. */
function endsOf(
  { users, times }: Pick<EvaluationCases, 'users' | 'times'>,
  split: SequencesConfig['split'],
): (user: string) => number {
  const own = new Map<string, number>();
  users.forEach((user, index) => {
    const time = times[index]!;
    own.set(user, Math.min(own.get(user) ?? time, time));
  });
  if (split === 'global-time') {
    let first = Number.POSITIVE_INFINITY;
    for (const time of own.values()) first = Math.min(first, time);
    return () => first;
  }
  // A user who is held out whole has no case of his first action, since nothing comes before it.
  const ofTested = split === 'by-user' ? () => Number.NEGATIVE_INFINITY : (time: number) => time;
  return (user) => {
    const time = own.get(user);
    return time === undefined ? Number.POSITIVE_INFINITY : ofTested(time);
  };
}

/** What may be known of a user, in time order. */
interface KnownHistory {
  readonly user: string;
  readonly items: number[];
  readonly times: number[];
  readonly rewards: number[];
}

/** The histories that rows were cut from, as far as they may be known, one after the other. */
class KnownHistories {
  readonly #endOf: (user: string) => number;
  readonly #take: (history: KnownHistory) => void;
  #open: KnownHistory | undefined;
  #until = 0;

  constructor(endOf: (user: string) => number, take: (history: KnownHistory) => void) {
    this.#endOf = endOf;
    this.#take = take;
  }

  read({ users, starts, offsets, items, timestamps, rewards }: SequenceShard): void {
    users.forEach((user, row) => {
      let open = this.#open;
      if (open?.user !== user) {
        this.end();
        open = { user, items: [], times: [], rewards: [] };
        this.#open = open;
        this.#until = this.#endOf(user);
      }
      // A row that goes on begins with the last item of the one before.
      const first = offsets[row]! + (starts[row]! > 0 ? 1 : 0);
      for (let from = first; from < offsets[row + 1]!; from++) {
        if (timestamps[from]! >= this.#until) break;
        open.items.push(items[from]!);
        open.times.push(timestamps[from]!);
        open.rewards.push(rewards[from]!);
      }
    });
  }

  /** Behind the last shard. */
  end(): void {
    if (this.#open !== undefined) this.#take(this.#open);
    this.#open = undefined;
  }
}

/** Cuts what stays of histories into rows again, and puts whole rows into parts, as `cutShards` does. */
export class RowCutter {
  readonly #histories: KnownHistories;
  #rows = new OpenPart();
  #closed: SequenceShard[] = [];

  constructor(endOf: (user: string) => number, window: number, core: Core) {
    this.#histories = new KnownHistories(endOf, (history) => {
      const places = placesIn(core, history);
      if (places.length === 0) return;
      for (const [begin, end] of windowsOf(places.length, window)) {
        if (!this.#rows.hasRoomFor(end - begin)) this.#close();
        this.#rows.add(history, begin, places.slice(begin, end));
      }
    });
  }

  /** @returns the parts that are full by now */
  cut(shard: SequenceShard): SequenceShard[] {
    this.#histories.read(shard);
    return this.#taken();
  }

  /** Behind the last shard. @returns what is left */
  end(): SequenceShard[] {
    this.#histories.end();
    if (this.#rows.length > 0) this.#close();
    return this.#taken();
  }

  #close(): void {
    this.#closed.push(this.#rows.shard());
    this.#rows = new OpenPart();
  }

  #taken(): SequenceShard[] {
    const parts = this.#closed;
    this.#closed = [];
    return parts;
  }
}

/** The rows of a part that is not full yet. */
class OpenPart {
  readonly #users: string[] = [];
  readonly #starts: number[] = [];
  readonly #offsets = [0];
  readonly #items: number[] = [];
  readonly #times: number[] = [];
  readonly #rewards: number[] = [];

  /** Items. */
  get length(): number {
    return this.#items.length;
  }

  hasRoomFor(items: number): boolean {
    return this.length === 0 || this.length + items <= itemsPerPart;
  }

  add({ user, items, times, rewards }: KnownHistory, start: number, places: number[]): void {
    this.#users.push(user);
    this.#starts.push(start);
    for (const place of places) {
      this.#items.push(items[place]!);
      this.#times.push(times[place]!);
      this.#rewards.push(rewards[place]!);
    }
    this.#offsets.push(this.length);
  }

  shard(): SequenceShard {
    return {
      users: this.#users,
      starts: Int32Array.from(this.#starts),
      offsets: Int32Array.from(this.#offsets),
      items: Int32Array.from(this.#items),
      timestamps: Float64Array.from(this.#times),
      rewards: Float32Array.from(this.#rewards),
    };
  }
}
