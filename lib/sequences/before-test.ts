import type { SequencesConfig } from '#lib/contracts/config/sequences.ts';
import type { RowActions } from './actions.ts';
import { itemsPerPart } from './all-actions.ts';
import { filterToCore } from './core-filter.ts';
import type { EvaluationCases } from './evaluation-cases.ts';
import type { SequenceShard } from './shard.ts';
import { cutShards } from './shards.ts';
import { splitNothing } from './split.ts';

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
 * @param shards rows of all actions (`all-actions.ts`)
 */
export function rowsBeforeTest(
  shards: readonly SequenceShard[],
  test: Pick<EvaluationCases, 'users' | 'times'>,
  options: BeforeTestOptions,
): SequenceShard[] {
  const { split, window, items } = options;
  const known = historiesUpTo(shards, endsOf(test, split));
  const table =
    split === 'global-time'
      ? coreOf(known, items, options.minimumUserInteractions, options.minimumItemInteractions)
      : known;
  return cutShards(table, splitNothing(table), window, itemsPerPart);
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

/** The histories that rows were cut from, as far as they may be known. */
function historiesUpTo(
  shards: readonly SequenceShard[],
  endOf: (user: string) => number,
): RowActions {
  const most = shards.reduce((sum, { items }) => sum + items.length, 0);
  const items = new Int32Array(most);
  const timestamps = new Float64Array(most);
  const rewards = new Float32Array(most);
  const userIds: string[] = [];
  const offsets: number[] = [];
  let at = 0;
  for (const shard of shards) {
    shard.users.forEach((user, row) => {
      if (user !== userIds.at(-1)) {
        userIds.push(user);
        offsets.push(at);
      }
      const until = endOf(user);
      // A row that goes on begins with the last item of the one before.
      const first = shard.offsets[row]! + (shard.starts[row]! > 0 ? 1 : 0);
      for (let from = first; from < shard.offsets[row + 1]!; from++) {
        if (shard.timestamps[from]! >= until) break;
        items[at] = shard.items[from]!;
        timestamps[at] = shard.timestamps[from]!;
        rewards[at++] = shard.rewards[from]!;
      }
    });
  }
  offsets.push(at);
  return {
    userIds,
    offsets: Int32Array.from(offsets),
    items: items.subarray(0, at),
    timestamps: timestamps.subarray(0, at),
    rewards: rewards.subarray(0, at),
  };
}

function coreOf(table: RowActions, items: number, user: number, item: number): RowActions {
  const rows = Int32Array.from(table.items.keys());
  const histories = { offsets: table.offsets, rows, duplicates: 0 };
  const core = filterToCore(histories, table.items, items + 1, { user, item });
  return {
    ...table,
    offsets: core.offsets,
    items: Int32Array.from(core.rows, (row) => table.items[row]!),
    timestamps: Float64Array.from(core.rows, (row) => table.timestamps[row]!),
    rewards: Float32Array.from(core.rows, (row) => table.rewards[row]!),
  };
}
