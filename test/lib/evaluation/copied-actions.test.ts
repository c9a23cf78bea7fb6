import { describe, expect, it } from 'vitest';
import { copyActions, isOpen, nearestOpen, transitionsOf } from '#lib/evaluation/copied-actions.ts';
import { dataOf } from './rivals/rows.ts';

const from = (rows: Parameters<typeof dataOf>[0], items: number, excludeHistory = true) => ({
  ...dataOf(rows, items),
  excludeHistory,
});

describe('Function: transitionsOf', () => {
  it('has every state that an action follows, row after row', () => {
    const transitions = [...transitionsOf(from([[1, 2, 3], [4], [2, 1]], 4))];

    expect(transitions.map(({ row, times, position }) => [[...row], [...times], position])).toEqual(
      [
        [[1, 2, 3], [0, 1, 2], 0],
        [[1, 2, 3], [0, 1, 2], 1],
        [[2, 1], [0, 1], 0],
      ],
    );
  });
});

describe('Function: isOpen', () => {
  it.each([
    [2, true, false],
    [2, false, false],
    [1, true, false],
    [1, false, true],
    [3, true, true],
    [4, true, true],
  ])('item %i after 1, before 2 and 3, history left out %s: %s', (item, excludeHistory, open) => {
    const row = Int32Array.of(1, 2, 3);
    const times = Float64Array.of(0, 1, 2);

    expect(isOpen({ row, times, position: 0, excludeHistory }, item)).toBe(open);
  });
});

describe('Function: copyActions', () => {
  it('counts the share that users take later than their next action', () => {
    const data = from(
      [
        [1, 2, 3, 4],
        [2, 3],
      ],
      5,
    );

    // Right in the first state only; the last states of both rows are followed by nothing that counts.
    expect(copyActions(data, ({ position }) => (position === 0 ? 3 : 5))).toEqual({
      actions: Int32Array.of(3, 5, 5, 3),
      chance: 1 / 2,
    });
    // The next action itself is not a later one.
    expect(copyActions(data, ({ row, position }) => row[position + 1]!).chance).toBe(0);
    expect(copyActions(data, () => 4).chance).toBe(1);
  });

  it('counts no transition without an action', () => {
    const data = from([[1, 2, 3, 4]], 5);

    expect(copyActions(data, ({ position }) => (position === 1 ? 4 : 0))).toEqual({
      actions: Int32Array.of(0, 4, 0),
      chance: 1,
    });
    expect(copyActions(data, () => 0).chance).toBe(0);
  });
});

describe('Function: nearestOpen', () => {
  it('takes the nearest neighbour that is neither next nor in the history, of equals the first', () => {
    // 1 and 2 are together three times, 1 with 3 and with 4 once.
    const data = from(
      [
        [1, 2],
        [1, 2],
        [2, 1, 3],
        [1, 4],
      ],
      5,
    );
    const choose = nearestOpen(data);
    const chosen = (row: number[], excludeHistory = true) =>
      choose({
        row: Int32Array.from(row),
        times: Float64Array.from(row.keys()),
        position: row.length - 2,
        excludeHistory,
      });

    expect(chosen([1, 3])).toBe(2);
    expect(chosen([1, 2])).toBe(3);
    expect(chosen([1, 2, 5])).toBe(3);
    expect(chosen([1, 2, 3])).toBe(4);
    expect(chosen([1, 2, 3], false)).toBe(1);
    expect(chosen([5, 1])).toBe(0);
  });

  it('takes the nearer one though its number is higher, and of equals the lower one though it comes later', () => {
    const nearest = (rows: number[][], row: number[]) =>
      nearestOpen({ ...from(rows, 6), baskets: true })({
        row: Int32Array.from(row),
        // One basket: all of it weighs the same.
        times: new Float64Array(row.length),
        position: row.length - 2,
        excludeHistory: true,
      });

    expect(
      nearest(
        [
          [1, 4],
          [1, 4],
          [1, 3],
        ],
        [1, 6],
      ),
    ).toBe(4);
    // 1 speaks for 4 first, then 2 for 3 and 5, which are less near.
    const rows = [
      [1, 4],
      [1, 4],
      [2, 3],
      [2, 5],
      [2, 5],
    ];
    expect(nearest(rows, [2, 1, 6])).toBe(4);
    for (const history of [
      [1, 2],
      [2, 1],
    ]) {
      expect(
        nearest(
          [
            [1, 4],
            [2, 3],
          ],
          [...history, 6],
        ),
      ).toBe(3);
    }
  });
});
