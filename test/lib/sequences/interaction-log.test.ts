import { describe, expect, it } from 'vitest';
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
