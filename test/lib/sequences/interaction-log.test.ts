import { describe, expect, it } from 'vitest';
import { interactionsConfig } from '#lib/contracts/config/interactions.ts';
import { collectInteractions } from '#lib/sequences/interaction-log.ts';

const row = (user_id: string, item_id: string, event_type: string | null = null) => ({
  user_id,
  item_id,
  timestamp: 1_500_000_000,
  event_type,
  line: 1,
});

describe('Function: collectInteractions', () => {
  it('counts each row that it does not take, by the reason', async () => {
    // Arrange
    const rows = [
      row('u', 'known', 'buy'),
      row('u', 'known', 'click'),
      row('u', 'known', 'impression'),
      row('u', 'known', 'constructor'),
      row('u', 'unknown', 'buy'),
    ];

    // Act
    const log = await collectInteractions([{ key: 'interactions/1', rows }], {
      eventRewards: { click: 0.25, impression: 0 },
      defaultReward: 1,
      catalogue: new Map([['known', { title: 'Known', fields: {} }]]),
    });

    // Assess
    expect(log).toMatchObject({ read: 5, length: 3, notActions: 1, unknownItems: 1 });
    expect([...log.rewards.subarray(0, 3)]).toEqual([1, 0.25, 1]);
  });

  it('knows every item when there is no catalogue', async () => {
    // Act
    const log = await collectInteractions([{ key: 'interactions/1', rows: [row('u', 'any')] }], {
      eventRewards: {},
      defaultReward: 1,
      catalogue: new Map(),
    });

    // Assess
    expect(log).toMatchObject({ length: 1, unknownItems: 0, catalogue: undefined });
  });

  it('reads streams, and more rows than it first has room for', async () => {
    // Arrange
    async function* rows() {
      for (let index = 0; index < 5000; index++) yield row(`u${index % 7}`, `i${index % 11}`);
    }

    // Act
    const log = await collectInteractions([{ key: 'interactions/1', rows: rows() }], {
      eventRewards: {},
      defaultReward: 0.5,
    });

    // Assess
    expect(log.length).toBe(5000);
    expect(log.userIds[log.users[4999]!]).toBe(`u${4999 % 7}`);
    expect(log.itemIds[log.items[4999]!]).toBe(`i${4999 % 11}`);
    expect(log.rewards[4999]).toBe(0.5);
  });
});

describe('Method: takeBack', () => {
  const rules = interactionsConfig.parse({
    reward: { values: { rating: { as: 'rating', likedFrom: 3 } } },
  });
  const row = (event_type: string, timestamp: number, more: object = {}) => ({
    user_id: 'u',
    item_id: 'i',
    event_type,
    timestamp,
    line: timestamp,
    ...more,
  });
  const timesOf = async (rows: readonly ReturnType<typeof row>[]) => {
    const log = await collectInteractions([{ key: 'a', rows }], rules);
    const { read, notActions, takenBack, length } = log;
    expect(notActions + takenBack + length).toBe(read);
    return [...log.timestamps.subarray(0, length)];
  };

  it('takes back the latest purchase before a cancellation, whatever the order of rows', async () => {
    const rows = [
      row('purchase', 1),
      row('purchase', 3),
      row('purchase', 5),
      row('view', 2),
      row('purchase', 3, { item_id: 'other' }),
      row('purchase', 3, { user_id: 'other' }),
      row('cancellation', 4),
    ];

    expect(await timesOf(rows)).toEqual([1, 5, 2, 3, 3]);
    expect((await timesOf(rows.toReversed())).toSorted()).toEqual([1, 2, 3, 3, 5]);
  });

  it('takes back one a cancellation, none twice, repetitions with it, and none from later', async () => {
    expect(
      await timesOf([
        row('purchase', 1),
        row('purchase', 2),
        row('cancellation', 3),
        row('cancellation', 4),
      ]),
    ).toEqual([]);
    expect(
      await timesOf([
        row('purchase', 1),
        row('purchase', 2),
        row('cancellation', 3),
        row('cancellation', 3),
      ]),
    ).toEqual([1]);
    expect(
      await timesOf([
        row('purchase', 1),
        row('purchase', 2),
        row('purchase', 2),
        row('cancellation', 3),
      ]),
    ).toEqual([1]);
    expect(await timesOf([row('cancellation', 1), row('purchase', 1), row('purchase', 2)])).toEqual(
      [1, 2],
    );
  });

  it('keeps the reward that the value decides', async () => {
    const rows = [row('rating', 1, { value: 2 }), row('rating', 2, { value: 5 }), row('rating', 3)];

    expect(await timesOf(rows)).toEqual([2, 3]);
  });
});
