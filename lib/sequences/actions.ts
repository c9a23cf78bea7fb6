import type { Histories } from './histories.ts';
import type { InteractionLog } from './interaction-log.ts';

/** All actions that are left, users in order of their ids, each user's actions in time order. */
export interface ActionTable {
  readonly userIds: readonly string[];
  /** `[users + 1]` */
  readonly offsets: Int32Array;
  /** Item numbers of the log, or item indices of the vocabulary, `[actions]`. */
  readonly items: Int32Array;
  /** Unix seconds, `[actions]`. */
  readonly timestamps: Float64Array;
  /** Base rewards, `[actions]`. */
  readonly rewards: Float32Array;
  /** Event type of each action, a place in `eventTypes`, `[actions]`. */
  readonly events: Int32Array;
  /** Names of the event types; '' is that of actions without one. */
  readonly eventTypes: readonly string[];
  /** Row of each action in the log, `[actions]`. */
  readonly rows: Int32Array;
}

/** What of actions a row has. */
export type RowActions = Pick<
  ActionTable,
  'userIds' | 'offsets' | 'items' | 'timestamps' | 'rewards'
>;

/** Gathers the columns of histories; users without actions are left out. `items` are the log's item numbers. */
export function gatherActions(log: InteractionLog, histories: Histories): ActionTable {
  const users: number[] = [];
  for (let user = 0; user < log.userIds.length; user++) {
    if (histories.offsets[user + 1]! > histories.offsets[user]!) users.push(user);
  }
  users.sort((a, b) => (log.userIds[a]! < log.userIds[b]! ? -1 : 1)); // ids differ
  const actions = histories.rows.length;
  const table = {
    userIds: users.map((user) => log.userIds[user]!),
    offsets: new Int32Array(users.length + 1),
    items: new Int32Array(actions),
    timestamps: new Float64Array(actions),
    rewards: new Float32Array(actions),
    events: new Int32Array(actions),
    eventTypes: log.eventTypes,
    rows: new Int32Array(actions),
  };
  let at = 0;
  users.forEach((user, place) => {
    for (let from = histories.offsets[user]!; from < histories.offsets[user + 1]!; from++) {
      const row = histories.rows[from]!;
      table.items[at] = log.items[row]!;
      table.timestamps[at] = log.timestamps[row]!;
      table.rewards[at] = log.rewards[row]!;
      table.events[at] = log.events[row]!;
      table.rows[at] = row;
      at++;
    }
    table.offsets[place + 1] = at;
  });
  return table;
}
