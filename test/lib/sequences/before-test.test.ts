import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequencesConfig } from '#lib/contracts/config/sequences.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { countActions } from '#lib/sequences/all-actions.ts';
import { buildSequences } from '#lib/sequences/build.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { logOf, type Row } from './arbitraries.ts';
import { resharded } from './resharded.ts';
import { rowsBeforeTest } from './rows-before-test.ts';

/** Users who begin at all times, on items of which some come late and some are rare. */
function someRows(): Row[] {
  const random = randomStream(3, 'before-test');
  return Array.from({ length: 1500 }, (_, line): Row => {
    const timestamp = 1_500_000_000 + line * 60;
    const item = random.integer(20 + Math.floor(line / 20));
    return {
      user_id: `u${random.integer(60 + Math.floor(line / 15))}`,
      item_id: `i${item}`,
      timestamp,
      event_type: null,
      key: 'k',
      line,
    } as Row;
  });
}

const configOf = (split: string) =>
  sequencesConfig.parse({
    split,
    window: 6,
    minimumUserInteractions: 4,
    minimumItemInteractions: 5,
  });

/** What rows say, with ids. */
const told = (shards: readonly SequenceShard[], itemIds: readonly string[]) =>
  shards.flatMap(({ users, starts, offsets, items, timestamps, rewards }) =>
    users.map((user, row) => {
      const from = offsets[row]!;
      const to = offsets[row + 1]!;
      return [
        user,
        starts[row],
        Array.from(items.subarray(from, to), (item) => itemIds[item - 1]),
        Array.from(timestamps.subarray(from, to)),
        Array.from(rewards.subarray(from, to)),
      ];
    }),
  );

const rowsOf = (split: string) => {
  const config = configOf(split);
  const built = buildSequences(logOf(someRows()), config);
  const { items } = built.manifest;
  return { built, rows: rowsBeforeTest(built.allActions, built.test, { ...config, items }) };
};

describe('Function: cutterBeforeTest', () => {
  it('knows, split by time, what a log knows that ends before the first test case', () => {
    // Act
    const { built, rows } = rowsOf('global-time');

    // Assess: built from the bare log up to then, with a k-core of its own
    const first = Math.min(...built.test.times);
    const before = buildSequences(
      logOf(someRows().filter(({ timestamp }) => timestamp < first)),
      configOf('global-time'),
    );
    const found = told(rows, built.itemTable.itemIds);
    expect(found).toEqual(told(before.allActions, before.itemTable.itemIds));
    expect(found.length).toBeGreaterThan(30);
    // Some that the core of the whole log has are not in it yet.
    expect(found.length).toBeLessThan(told(built.allActions, built.itemTable.itemIds).length);
  });

  it('ends each history before its own test case otherwise', () => {
    const { built, rows } = rowsOf('leave-one-out');
    const lastOf = (shards: readonly SequenceShard[]) =>
      new Map(
        shards.flatMap(({ users, offsets, timestamps }) =>
          users.map((user, row) => [user, timestamps[offsets[row + 1]! - 1]!] as const),
        ),
      );
    const [all, left] = [lastOf(built.allActions), lastOf(rows)];
    expect(built.test.users.length).toBeGreaterThan(10);
    built.test.users.forEach((user, at) => {
      expect(all.get(user)).toBe(built.test.times[at]);
      // The action before it was the validation case.
      const place = built.validation.users.indexOf(user);
      expect(left.get(user)).toBe(built.validation.times[place]);
    });
  });

  it('knows nothing of users who are held out whole', () => {
    const { built, rows } = rowsOf('by-user');
    const users = new Set(rows.flatMap((shard) => shard.users));
    expect(built.test.users.length).toBeGreaterThan(0);
    expect(built.test.users.some((user) => users.has(user))).toBe(false);
    expect(built.validation.users.every((user) => users.has(user))).toBe(true);
  });

  it.each(['global-time', 'leave-one-out', 'by-user'])(
    'makes the same rows however those of all actions are cut into shards (%s)',
    (split) => {
      const { built, rows } = rowsOf(split);
      const { items } = built.manifest;
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
          // Act
          const shards = resharded(built.allActions, cuts);
          const again = rowsBeforeTest(shards, built.test, { ...configOf(split), items });
          // Assess
          expect(again).toEqual(rows);
        }),
        { numRuns: 20 },
      );
    },
  );

  it('puts whole rows into parts of at most 65,536 items', () => {
    // Arrange: 90,000 actions in rows of eleven, the oldest of ten; no test case ends them
    const actions = 90_000;
    const items = Int32Array.from({ length: actions }, (_, at) => 1 + (at % 7));
    const shard = {
      users: ['u'],
      starts: Int32Array.of(0),
      offsets: Int32Array.of(0, actions),
      items,
      timestamps: Float64Array.from(items.keys()),
      rewards: new Float32Array(actions).fill(1),
    };
    const options = { ...configOf('leave-one-out'), window: 10, items: 7 };
    // Act
    const parts = rowsBeforeTest([shard], { users: [], times: new Float64Array(0) }, options);
    // Assess
    expect(parts.map((part) => part.items.length)).toEqual([65_526, 33_473]);
    expect(countActions(parts)).toBe(actions);
    const ofOne = actionsOf([parts[0]!, parts[1]!]);
    expect(ofOne).toEqual([...items]);
  });
});

/** The items of one user's rows, each action once. */
const actionsOf = (parts: readonly SequenceShard[]) =>
  parts.flatMap(({ starts, offsets, items }) =>
    [...starts].flatMap((start, row) => [
      ...items.subarray(offsets[row]! + (start > 0 ? 1 : 0), offsets[row + 1]!),
    ]),
  );
