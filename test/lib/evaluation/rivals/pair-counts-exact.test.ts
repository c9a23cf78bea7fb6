import { describe, expect, it } from 'vitest';
import {
  countPairs,
  type PairRule,
  type PairTable,
  strongest,
} from '#lib/evaluation/rivals/pair-counts.ts';
import { fitOn } from '#lib/sequences/passes.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { type Action, shardOf } from './rows.ts';

const everything: PairRule = {
  weigh: () => 1,
  reach: { before: Number.POSITIVE_INFINITY, after: Number.POSITIVE_INFINITY },
  scale: () => 1,
  most: 100,
};
const rooms = [
  { actions: 1e6, sums: 1e6 },
  { actions: 4, sums: 1e6 },
  { actions: 1, sums: 1 },
];

/** By item, what it is paired with. */
const pairsIn = ({ offsets, items, strengths }: PairTable) =>
  Array.from({ length: offsets.length - 2 }, (_, at) => {
    const [begin, end] = [offsets[at + 1]!, offsets[at + 2]!];
    return Array.from(items.subarray(begin, end), (item, place) => [
      item,
      strengths[begin + place]!,
    ]);
  });

function pairsOf(
  rows: readonly (readonly Action[])[],
  items: number,
  rule: PairRule,
  { room = rooms[0]!, baskets = false } = {},
) {
  const fittedOn = (shards: readonly SequenceShard[]) =>
    pairsIn(fitOn(shards, countPairs({ items, baskets }, rule, room)));
  const pairs = fittedOn(rows.map((row) => shardOf([row])));
  expect(fittedOn([shardOf(rows)])).toEqual(pairs);
  return pairs;
}

describe('Function: countPairs', () => {
  it.each(rooms)('counts what comes after, by its distance (room for %j)', (room) => {
    const after: PairRule = {
      ...everything,
      weigh: (distance) => (distance > 0 && distance <= 2 ? 1 / distance : 0),
      reach: { before: 0, after: 2 },
    };
    const rows = [
      [1, 2, 3, 4],
      [2, 3],
      [3, 1, 1],
    ];

    expect(pairsOf(rows, 5, after, { room })).toEqual([
      [
        [1, 1],
        [2, 1],
        [3, 0.5],
      ],
      [
        [3, 2],
        [4, 0.5],
      ],
      [
        [1, 1.5],
        [4, 1],
      ],
      [],
      [],
    ]);
  });

  it.each(rooms)('looks as far before and after as it is told (room for %j)', (room) => {
    const around: PairRule = { ...everything, reach: { before: 1, after: 2 } };

    expect(pairsOf([[1, 2, 3, 4]], 4, around, { room })).toEqual([
      [
        [2, 1],
        [3, 1],
      ],
      [
        [1, 1],
        [3, 1],
        [4, 1],
      ],
      [
        [2, 1],
        [4, 1],
      ],
      [[3, 1]],
    ]);
  });

  it('counts distances in baskets where there are some', () => {
    const next: PairRule = {
      ...everything,
      weigh: (distance) => (distance === 1 ? 1 : 0),
      reach: { before: 0, after: 1 },
    };
    const row: Action[] = [
      [1, 5],
      [2, 5],
      [3, 6],
    ];

    expect(pairsOf([row], 3, next, { baskets: true })).toEqual([[[3, 1]], [[3, 1]], []]);
    expect(pairsOf([row], 3, next)).toEqual([[[2, 1]], [[3, 1]], []]);
  });

  it.each(rooms)(
    'scales by how often items occur, and keeps the strongest (room for %j)',
    (room) => {
      const rule: PairRule = {
        ...everything,
        scale: (item, other, occurrences) => occurrences[item]! + 10 * occurrences[other]!,
        most: 2,
      };
      const rows = [[1, 2], [1, 3], [1, 4], [4, 1], [5]];

      // 1 occurs four times, 4 twice: with 4 twice 4 + 20, with 2 and 3 once 4 + 10.
      expect(pairsOf(rows, 5, rule, { room })).toEqual([
        [
          [2, 14],
          [4, 48],
        ],
        [[1, 41]],
        [[1, 41]],
        [[1, 84]],
        [],
      ]);
    },
  );

  it('keeps more pairs than it has room for at first, and their strengths', () => {
    const items = 50;
    const row = Array.from({ length: items }, (_, at) => at + 1);
    const rule: PairRule = { ...everything, scale: (item, other) => item * 100 + other };

    const pairs = pairsOf([row], items, rule);

    expect(pairs).toEqual(
      row.map((item) =>
        row.filter((other) => other !== item).map((other) => [other, item * 100 + other]),
      ),
    );
  });

  it('has nothing of no rows', () => {
    expect(pairsOf([], 2, everything)).toEqual([[], []]);
  });

  it('takes a pass for as many items as there is room for, beginning with the first', () => {
    const rows = [
      [1, 2, 3, 4],
      [4, 3, 2, 1],
    ];
    const shards = rows.map((row) => shardOf([row]));
    const passesOf = (actions: number, sums: number) => {
      const fitting = countPairs({ items: 4, baskets: false }, everything, { actions, sums });
      let passes = 0;
      for (let step = fitting.next(); !step.done; step = fitting.next(), passes++) {
        for (const shard of shards) step.value(shard);
      }
      return passes;
    };

    expect(passesOf(8, 1)).toBe(1);
    expect(passesOf(7, 16)).toBe(1);
    expect(passesOf(7, 15)).toBe(2);
    expect(passesOf(7, 1)).toBe(2);
    // A single shard is counted item by item, however large it is.
    shards.pop();
    expect(passesOf(1, 1)).toBe(1);
  });

  it('has no more places than pairs', () => {
    const { items, strengths, offsets } = fitOn(
      [shardOf([[1, 2, 3]])],
      countPairs({ items: 3, baskets: false }, everything),
    );

    expect([...offsets]).toEqual([0, 0, 2, 4, 6]);
    expect([...items]).toEqual([2, 3, 1, 3, 1, 2]);
    expect([...strengths]).toEqual([1, 1, 1, 1, 1, 1]);
  });
});

describe('Function: strongest', () => {
  const strengths = Float64Array.of(0, 5, 1, 5, 3, 5, 2);

  it.each([
    [6, [1, 2, 3, 4, 5, 6]],
    [5, [1, 3, 4, 5, 6]],
    [4, [1, 3, 4, 5]],
    [3, [1, 3, 5]],
    [2, [1, 3]],
    [1, [1]],
  ])('keeps %i, ties to the smaller index', (most, kept) => {
    expect(strongest([6, 5, 4, 3, 2, 1], strengths, most)).toEqual(kept);
  });

  it('sorts by index where all are kept, as numbers', () => {
    expect(strongest([10, 9, 2], new Float64Array(11), 3)).toEqual([2, 9, 10]);
  });
});
