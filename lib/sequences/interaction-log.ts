/** One ingested interaction (docs/contracts.md, 2). */
export interface IngestedInteraction {
  readonly user_id: string;
  readonly item_id: string;
  /** Unix seconds. */
  readonly timestamp: number;
  readonly event_type: string | null;
  /** Line in the uploaded file. */
  readonly line: number;
}

/** One object of ingested interactions. */
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

/** What becomes of interactions before they are sequences. */
export interface InteractionLogOptions {
  /** Base reward (0-1) by event type; a type with reward 0 is not an action. */
  readonly eventRewards: Readonly<Record<string, number>>;
  /** Base reward of an interaction without an event type, or with one that is not listed. */
  readonly defaultReward: number;
  /** Items by id. Absent or empty: there is no catalogue and no item is unknown. */
  readonly catalogue?: ReadonlyMap<string, CatalogueItem>;
}

/** The base reward of an event type; what has reward 0 is not an action. */
export function baseReward(
  { eventRewards, defaultReward }: Pick<InteractionLogOptions, 'eventRewards' | 'defaultReward'>,
  eventType: string | null,
): number {
  if (eventType === null || !Object.hasOwn(eventRewards, eventType)) return defaultReward;
  return eventRewards[eventType]!;
}

/**
 * All actions of a run as columns: ids are interned, so an interaction costs 32 bytes. Row order is the order of
 * `add`; nothing about the result of a build depends on it.
 */
export class InteractionLog {
  /** Every row ever added. */
  read = 0;
  /** Rows whose event type has reward 0. */
  notActions = 0;
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

  constructor(options: InteractionLogOptions) {
    this.#options = options;
    this.catalogue = options.catalogue?.size ? options.catalogue : undefined;
  }

  /** Announces an object; the number returned goes with each of its rows. */
  part(key: string): number {
    return this.parts.push(key) - 1;
  }

  /**
   * Takes one interaction in, or counts why not. Every interaction of every run enters here and nowhere else: whatever is to
   * be left out of runs for another reason, for example users who ask to be forgotten, is left out and counted here.
   */
  add(row: IngestedInteraction, part: number): void {
    this.read++;
    const reward = baseReward(this.#options, row.event_type);
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
  return log;
}

function intern(numbers: Map<string, number>, ids: string[], id: string): number {
  const known = numbers.get(id);
  if (known !== undefined) return known;
  numbers.set(id, ids.length);
  return ids.push(id) - 1;
}
