import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderHistories, type TiePolicy } from '#lib/sequences/histories.ts';
import type { InteractionLog } from '#lib/sequences/interaction-log.ts';
import { logOf, type Row, rows } from './arbitraries.ts';

/** Ordered actions by user id, in words. */
function describeHistories(log: InteractionLog, policy: TiePolicy, seed = 1) {
  const { offsets, rows: ordered } = orderHistories(log, { policy, seed });
  return Object.fromEntries(
    log.userIds.map((user, number) => [
      user,
      [...ordered.subarray(offsets[number]!, offsets[number + 1]!)].map(
        (row) =>
          `${log.timestamps[row]} ${log.itemIds[log.items[row]!]} ${log.eventTypes[log.events[row]!]}`,
      ),
    ]),
  );
}

/** Sorts whole rows and drops repeats: slow and plain. */
function reference(all: readonly Row[]) {
  const sorted = all.toSorted(
    (a, b) =>
      a.timestamp - b.timestamp || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.line - b.line),
  );
  const result: Record<string, string[]> = {};
  for (const { user_id, timestamp, item_id, event_type } of sorted) {
    const action = `${timestamp} ${item_id} ${event_type ?? ''}`;
    result[user_id] ??= [];
    if (!result[user_id].includes(action)) result[user_id].push(action);
  }
  return result;
}

describe('Function: orderHistories', () => {
  it('orders by time, object key and line, each action once', () => {
    fc.assert(
      fc.property(rows, (all) => {
        // Act
        const ordered = describeHistories(logOf(all), 'upload-order');

        // Assess
        expect(ordered).toEqual(reference(all));
      }),
    );
  });

  it('does not depend on the order in which rows were read', () => {
    fc.assert(
      fc.property(
        rows.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        fc.constantFrom<TiePolicy>('upload-order', 'shuffled'),
        ([all, shuffled], policy) => {
          // Act
          const one = describeHistories(logOf(all), policy);
          const other = describeHistories(logOf(shuffled), policy);

          // Assess
          expect(other).toEqual(one);
        },
      ),
    );
  });

  it('counts every action that it leaves out', () => {
    fc.assert(
      fc.property(rows, (all) => {
        // Act
        const { duplicates, rows: kept } = orderHistories(logOf(all), {
          policy: 'upload-order',
          seed: 1,
        });

        // Assess
        expect(duplicates + kept.length).toBe(all.length);
      }),
    );
  });

  it('shuffles ties, and only ties', () => {
    // Arrange
    const items = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const log = logOf(
      items.map((item_id, index) => ({
        user_id: 'u',
        item_id,
        timestamp: index < 7 ? 1_500_000_000 : 1_400_000_000,
        event_type: null,
        key: 'interactions/1',
        line: index,
      })),
    );
    const itemsOf = (seed: number) =>
      describeHistories(log, 'shuffled', seed).u!.map((action) => action.split(' ')[1]!);

    // Act
    const orders = [1, 2, 3].map(itemsOf);

    // Assess
    expect(orders.map((order) => order[0])).toEqual(['h', 'h', 'h']);
    expect(orders[0]).not.toEqual(orders[1]);
    expect(itemsOf(1)).toEqual(orders[0]);
    expect(new Set(orders[0])).toEqual(new Set(items));
  });
});
