import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsBack } from '#lib/evaluation/rivals/history-scorer.ts';
import {
  countPairs,
  type PairRule,
  type PairTable,
  type Room,
} from '#lib/evaluation/rivals/pair-counts.ts';
import { fitOn } from '#lib/sequences/passes.ts';
import { type Action, shardOf } from './rows.ts';

const items = 40;
/** Times repeat, so that there are baskets. */
const row = fc
  .array(fc.tuple(fc.integer({ min: 1, max: items }), fc.integer({ min: 0, max: 3 })), {
    minLength: 1,
    maxLength: 25,
  })
  .map((steps) => {
    let time = 0;
    return steps.map(([item, step]): Action => {
      time += step;
      return [item, time];
    });
  });
const rows = fc.array(row, { minLength: 1, maxLength: 30 });
/** Where rows are cut into shards. */
const cuts = fc.array(fc.nat(), { maxLength: 5 });

const rules: readonly PairRule[] = [
  {
    weigh: (distance) => (distance > 0 && distance <= 4 ? 1 / distance : 0),
    reach: { before: 0, after: 4 },
    scale: (item, _other, occurrences) => 1 / Math.sqrt(occurrences[item]!),
    most: 5,
  },
  {
    weigh: (distance) => (Math.abs(distance) <= 2 ? 1 / (3 + distance) : 0),
    reach: { before: 2, after: 2 },
    scale: (item, other, occurrences) => 1 / (occurrences[item]! + occurrences[other]!),
    most: 3,
  },
  {
    weigh: () => 1,
    reach: { before: Number.POSITIVE_INFINITY, after: Number.POSITIVE_INFINITY },
    scale: (item, other, occurrences) => 1 / Math.sqrt(occurrences[item]! * occurrences[other]!),
    most: 8,
  },
];

/** All occurrences of an item in turn, each with the whole row around it: nothing is cut, and no table is too small. */
function expected(all: readonly (readonly Action[])[], baskets: boolean, rule: PairRule) {
  const occurrences = new Int32Array(items + 1);
  const said = all.map((actions) => {
    const { items: own, timestamps } = shardOf([actions]);
    for (const item of own) occurrences[item]!++;
    return { own, steps: stepsBack(timestamps, baskets) };
  });
  return Array.from({ length: items }, (_, index) => {
    const item = index + 1;
    const sums = new Map<number, number>();
    for (const { own, steps } of said) {
      own.forEach((taken, place) => {
        if (taken !== item) return;
        const ahead = [...own.keys()].filter((at) => at > place);
        const behind = [...own.keys()].filter((at) => at < place).reverse();
        for (const at of [...ahead, ...behind]) {
          const weight = rule.weigh(steps[place]! - steps[at]!);
          if (weight > 0) sums.set(own[at]!, (sums.get(own[at]!) ?? 0) + weight);
        }
      });
    }
    return [...sums]
      .map(([other, sum]) => [other, sum * rule.scale(item, other, occurrences)] as const)
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, rule.most)
      .sort((a, b) => a[0] - b[0])
      .map(([other, strength]) => [other, Math.fround(strength)]);
  });
}

const pairsIn = ({ offsets, items: others, strengths }: PairTable) =>
  Array.from({ length: items }, (_, index) =>
    Array.from(others.subarray(offsets[index + 1]!, offsets[index + 2]!), (other, at) => [
      other,
      strengths[offsets[index + 1]! + at]!,
    ]),
  );

describe('Function: countPairs', () => {
  it('adds up the same to the bit, whatever the shards and however few sums there is room for', () => {
    fc.assert(
      fc.property(
        rows,
        cuts,
        fc.boolean(),
        fc.constantFrom(...rules),
        fc.record({
          actions: fc.constantFrom(1, 20, 100, 1e6),
          sums: fc.constantFrom(1, 100, 400, 1e6),
        }),
        (all, places, baskets, rule, room) => {
          // Arrange
          const ends = [...new Set(places.map((place) => place % all.length))].sort(
            (a, b) => a - b,
          );
          const shards = [...ends, all.length].map((end, at) =>
            shardOf(all.slice(ends[at - 1] ?? 0, end)),
          );
          // Act
          const table = fitOn(shards, countPairs({ items, baskets }, rule, room));
          // Assess
          expect(pairsIn(table)).toEqual(expected(all, baskets, rule));
        },
      ),
    );
  });

  it('takes one pass where all rows have room, and as many as their sums need otherwise', () => {
    // Arrange
    const ring = Array.from({ length: items }, (_, at) => at + 1);
    const shards = [shardOf([ring]), shardOf([ring.toReversed()])];
    const passesOf = (room: Room) => {
      const fitting = countPairs({ items, baskets: false }, rules[2]!, room);
      let passes = 0;
      for (let step = fitting.next(); !step.done; step = fitting.next()) {
        passes++;
        for (const shard of shards) step.value(shard);
      }
      return passes;
    };
    // Assess: every item meets every other, so each has a place for all forty.
    expect(passesOf({ actions: 2 * items, sums: 1 })).toBe(1);
    expect(passesOf({ actions: items, sums: items * items })).toBe(1);
    expect(passesOf({ actions: items, sums: (items * items) / 2 })).toBe(3);
    expect(passesOf({ actions: items, sums: 1 })).toBe(items / 2);
  });
});
