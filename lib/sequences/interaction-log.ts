import { type RewardRules, rewardOf, takenBackBy } from '#lib/interactions/rewards.ts';

/** One ingested interaction (docs/contracts.md, 2). */
export interface IngestedInteraction {
  readonly user_id: string;
  readonly item_id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly event_type: string | null;
  readonly value?: number | null;
  /** Line in the uploaded file. */
  readonly line: number;
}

/** Ingested interactions of one object, all or some; what comes right behind each other of one object is one part of it. */
export interface InteractionPart {
  /** The object's key; orders ties in time. */
  readonly key: string;
  readonly rows: AsyncIterable<IngestedInteraction> | Iterable<IngestedInteraction>;
}

/** Title and other text fields of an item. */
export interface CatalogueItem {
  readonly title: string;
  readonly fields: Readonly<Record<string, string>>;
  /** The newest catalogue does not have it any more: it keeps its title, and is not shown. */
  readonly hasLeft?: boolean;
}

/** A row that takes an earlier one back. */
interface Takeback {
  readonly user: string;
  readonly item: string;
  readonly timestamp: number;
  /** The event type of which it takes one back. */
  readonly type: string;
}

/** What becomes of interactions before they are sequences. */
export interface InteractionLogOptions extends RewardRules {
  /** Items by id. Absent or empty: there is no catalogue and no item is unknown. */
  readonly catalogue?: ReadonlyMap<string, CatalogueItem>;
}

/**
 * All actions of a run as columns: ids are interned, so an interaction costs 32 bytes. Row order is the order of
 * `add`; nothing about the result of a build depends on it.
 */
export class InteractionLog {
  /** Every row ever added. */
  read = 0;
  /** Rows with reward 0, and rows that take another one back. */
  notActions = 0;
  /** Rows that a later one took back. */
  takenBack = 0;
  /** Rows of items that the catalogue does not have. */
  unknownItems = 0;
  /** Rows in the columns below. */
  length = 0;

  /** Id by number. */
  readonly userIds: string[] = [];
  readonly itemIds: string[] = [];
  readonly eventTypes: string[] = [];
  /** Object keys by number. */
  readonly parts: string[] = [];

  users = new Int32Array(1024);
  items = new Int32Array(1024);
  /** Unix seconds. */
  timestamps = new Float64Array(1024);
  rewards = new Float32Array(1024);
  events = new Int32Array(1024);
  partOf = new Int32Array(1024);
  lines = new Int32Array(1024);

  readonly catalogue: ReadonlyMap<string, CatalogueItem> | undefined;
  readonly #options: InteractionLogOptions;
  readonly #userNumbers = new Map<string, number>();
  readonly #itemNumbers = new Map<string, number>();
  readonly #eventNumbers = new Map<string, number>();
  readonly #takebacks: Takeback[] = [];

  constructor(options: InteractionLogOptions) {
    this.#options = options;
    this.catalogue = options.catalogue?.size ? options.catalogue : undefined;
  }

  /** Announces an object, or more of the last one; the number returned goes with each of its rows. */
  part(key: string): number {
    if (this.parts.at(-1) !== key) this.parts.push(key);
    return this.parts.length - 1;
  }

  /**
   * Takes one interaction in, or counts why not. Every interaction of every run enters here and nowhere else: whatever is to
   * be left out of runs for another reason, for example users who ask to be forgotten, is left out and counted here.
   */
  add(row: IngestedInteraction, part: number): void {
    this.read++;
    const takesBack = takenBackBy(this.#options, row.event_type);
    if (takesBack !== undefined) {
      this.notActions++;
      const { user_id: user, item_id: item, timestamp } = row;
      this.#takebacks.push({ user, item, timestamp, type: takesBack });
      return;
    }
    const reward = rewardOf(this.#options, row.event_type, row.value ?? null);
    if (reward === 0) {
      this.notActions++;
      return;
    }
    if (this.catalogue !== undefined && !this.catalogue.has(row.item_id)) {
      this.unknownItems++;
      return;
    }
    if (this.length === this.users.length) this.#grow();
    const at = this.length++;
    this.users[at] = intern(this.#userNumbers, this.userIds, row.user_id);
    this.items[at] = intern(this.#itemNumbers, this.itemIds, row.item_id);
    this.timestamps[at] = row.timestamp;
    this.rewards[at] = reward;
    this.events[at] = intern(this.#eventNumbers, this.eventTypes, row.event_type ?? '');
    this.partOf[at] = part;
    this.lines[at] = row.line;
  }

  /**
   * Takes back what later rows take back: of each, the latest earlier row of the user with the item and the event type
   * (that row and its repetitions). To be called once all rows are in.
   */
  takeBack(): void {
    if (this.#takebacks.length === 0) return;
    const key = (user: number, item: number, event: number) => `${user} ${item} ${event}`;
    const wanted = new Map<string, Set<number>>();
    for (const { user, item, timestamp, type } of this.#takebacks) {
      const numbers = [
        this.#userNumbers.get(user),
        this.#itemNumbers.get(item),
        this.#eventNumbers.get(type),
      ] as const;
      const [userNumber, itemNumber, eventNumber] = numbers;
      if (userNumber === undefined || itemNumber === undefined || eventNumber === undefined)
        continue;
      const name = key(userNumber, itemNumber, eventNumber);
      wanted.set(name, (wanted.get(name) ?? new Set()).add(timestamp));
    }
    const nameOf = (row: number) => key(this.users[row]!, this.items[row]!, this.events[row]!);
    const times = new Map<string, Set<number>>();
    for (let row = 0; row < this.length; row++) {
      const name = nameOf(row);
      if (wanted.has(name))
        times.set(name, (times.get(name) ?? new Set()).add(this.timestamps[row]!));
    }
    const gone = new Map<string, Set<number>>();
    for (const [name, cancelled] of wanted) {
      const left = [...(times.get(name) ?? [])].sort((a, b) => a - b);
      const taken = new Set<number>();
      for (const time of [...cancelled].sort((a, b) => a - b)) {
        const at = left.findLastIndex((earlier) => earlier < time);
        if (at !== -1) taken.add(left.splice(at, 1)[0]!);
      }
      gone.set(name, taken);
    }
    let kept = 0;
    for (let row = 0; row < this.length; row++) {
      if (gone.get(nameOf(row))?.has(this.timestamps[row]!)) continue;
      for (const column of this.#columns()) column[kept] = column[row]!;
      kept++;
    }
    this.takenBack += this.length - kept;
    this.length = kept;
    this.#takebacks.length = 0;
  }

  #columns() {
    const { users, items, timestamps, rewards, events, partOf, lines } = this;
    return [users, items, timestamps, rewards, events, partOf, lines];
  }

  #grow(): void {
    const capacity = this.users.length * 2;
    const grown = <T extends { set(from: T): void }>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.users = grown(new Int32Array(capacity), this.users);
    this.items = grown(new Int32Array(capacity), this.items);
    this.timestamps = grown(new Float64Array(capacity), this.timestamps);
    this.rewards = grown(new Float32Array(capacity), this.rewards);
    this.events = grown(new Int32Array(capacity), this.events);
    this.partOf = grown(new Int32Array(capacity), this.partOf);
    this.lines = grown(new Int32Array(capacity), this.lines);
  }
}

/** Reads all parts into a log. The order of parts does not matter. */
export async function collectInteractions(
  parts: AsyncIterable<InteractionPart> | Iterable<InteractionPart>,
  options: InteractionLogOptions,
): Promise<InteractionLog> {
  const log = new InteractionLog(options);
  for await (const { key, rows } of parts) {
    const part = log.part(key);
    if (Symbol.iterator in rows) for (const row of rows) log.add(row, part);
    else for await (const row of rows) log.add(row, part);
  }
  log.takeBack();
  return log;
}

function intern(numbers: Map<string, number>, ids: string[], id: string): number {
  const known = numbers.get(id);
  if (known !== undefined) return known;
  numbers.set(id, ids.length);
  return ids.push(id) - 1;
}
