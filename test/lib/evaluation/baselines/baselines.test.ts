import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import {
  type Baseline,
  ItemScores,
  orderByPopularity,
  rankWithBaseline,
} from '#lib/evaluation/baselines/baseline.ts';
import { rankBaselines } from '#lib/evaluation/baselines/rank-baselines.ts';
import { sequentialRules } from '#lib/evaluation/baselines/sequential-rules.ts';
import { popularity, repeatLast } from '#lib/evaluation/baselines/simple.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { casesOf } from '../../sequences/cases.ts';

const items = 12;

function shardOf(rows: readonly (readonly number[])[]): SequenceShard {
  const all = rows.flat();
  return {
    users: rows.map((_, row) => `u${row}`),
    starts: new Int32Array(rows.length),
    offsets: Int32Array.of(
      0,
      ...rows.map((_, row) => rows.slice(0, row + 1).reduce((sum, one) => sum + one.length, 0)),
    ),
    items: Int32Array.from(all),
    timestamps: new Float64Array(all.length),
    rewards: new Float32Array(all.length),
  };
}

function dataOf(rows: readonly (readonly number[])[], size = items) {
  const counts = new Int32Array(size);
  for (const item of rows.flat()) counts[item - 1]! += 1;
  const itemIds = Array.from(counts, (_, index) => `i${index + 1}`);
  const itemTable = { itemIds, titles: itemIds, fields: itemIds.map(() => ({})), counts };
  // Two shards, so that both are read.
  const half = Math.ceil(rows.length / 2);
  return { itemTable, shards: [shardOf(rows.slice(0, half)), shardOf(rows.slice(half))] };
}

const item = fc.integer({ min: 1, max: items });
const sequences = fc.array(fc.array(item, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 8,
});

/** Sorts the whole list of items that may be shown and looks the target up in it. */
function plainRank(
  baseline: Baseline,
  { history, target }: { history: number[]; target: number },
  counts: Int32Array,
  excludeHistory: boolean,
): number {
  const scores = new ItemScores(counts.length);
  baseline.score(Int32Array.from(history), scores);
  const list = Array.from(counts, (_, index) => index + 1)
    .filter((one) => !(excludeHistory && history.includes(one)))
    .sort((a, b) => {
      const [scoreA, scoreB] = [scores.values[a]!, scores.values[b]!];
      if (scoreA !== scoreB) return scoreB - scoreA;
      return scoreA > 0 ? a - b : counts[b - 1]! - counts[a - 1]! || a - b;
    });
  return list.indexOf(target) + 1;
}

describe('Function: rankWithBaseline', () => {
  it('finds the place that sorting the whole list finds', () => {
    fc.assert(
      fc.property(
        sequences,
        fc.array(fc.record({ history: fc.array(item, { maxLength: 6 }), target: item }), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.boolean(),
        (rows, pairs, excludeHistory) => {
          // Arrange
          const data = dataOf(rows);
          const { counts } = data.itemTable;

          for (const baseline of [popularity, repeatLast, sequentialRules(data)]) {
            // Act
            const ranks = rankWithBaseline(
              baseline,
              casesOf(pairs),
              orderByPopularity(counts),
              excludeHistory,
            );

            // Assess
            expect([...ranks], baseline.name).toEqual(
              pairs.map((pair) => plainRank(baseline, pair, counts, excludeHistory)),
            );
          }
        },
      ),
    );
  });

  it('refuses items that the vocabulary does not have', () => {
    // Arrange
    const cases = casesOf([{ history: [1], target: items + 1 }]);
    const order = orderByPopularity(new Int32Array(items));

    // Act and assess
    expect(() => rankWithBaseline(popularity, cases, order, false)).toThrow(ContractError);
  });
});

describe('Baseline: popularity', () => {
  it('ranks by count, then index, whatever the history', () => {
    // Arrange
    const order = orderByPopularity(Int32Array.of(2, 5, 2, 0));
    const cases = casesOf([1, 2, 3, 4].map((target) => ({ history: [4, 3], target })));

    // Act and assess
    expect([...rankWithBaseline(popularity, cases, order, false)]).toEqual([2, 1, 3, 4]);
    expect([...rankWithBaseline(popularity, cases, order, true)]).toEqual([2, 1, 0, 0]);
  });
});

describe('Baseline: repeat-last', () => {
  it('lists the history from its end, each item once, then the popular ones', () => {
    // Arrange
    const order = orderByPopularity(Int32Array.of(9, 8, 7, 6, 5));
    const cases = casesOf([1, 2, 3, 4, 5].map((target) => ({ history: [5, 3, 5, 4], target })));

    // Act and assess: 4, 5, 3, then 1, 2.
    expect([...rankWithBaseline(repeatLast, cases, order, false)]).toEqual([4, 5, 3, 1, 2]);
  });
});

describe('Baseline: sequential-rules', () => {
  it('scores as the formula says', () => {
    // Arrange
    const rows = [
      [1, 2, 3],
      [1, 3],
      [2, 1],
    ];
    const rules = sequentialRules(dataOf(rows, 4));
    const scores = new ItemScores(4);

    // Act
    rules.score(Int32Array.of(2, 1), scores);

    // Assess: 1 occurs three times, 2 twice. After 1: 2 (1), 3 (1/2 + 1). After 2: 3 (1), 1 (1). Rules are float32.
    const after2 = 0.5 * Math.fround(1 / Math.sqrt(2));
    const expected = [
      after2,
      Math.fround(1 / Math.sqrt(3)),
      Math.fround(1.5 / Math.sqrt(3)) + after2,
      0,
    ];
    expect([...scores.values.subarray(1)].map((value) => value.toFixed(9))).toEqual(
      expected.map((value) => value.toFixed(9)),
    );
  });

  it('keeps the strongest 200 rules of an item', () => {
    // Arrange: item 1 before each of 300 others, the odd ones twice.
    const rows = Array.from({ length: 300 }, (_, index) => {
      const other = index + 2;
      return other % 2 === 1
        ? [
            [1, other],
            [1, other],
          ]
        : [[1, other]];
    }).flat();
    const rules = sequentialRules(dataOf(rows, 301));
    const scores = new ItemScores(301);

    // Act
    rules.score(Int32Array.of(1), scores);

    // Assess: 150 odd items, then the even ones from the smallest index on.
    const kept = scores.touched.toSorted((a, b) => a - b);
    const odd = Array.from({ length: 150 }, (_, index) => 2 * index + 3);
    const even = Array.from({ length: 50 }, (_, index) => 2 * index + 2);
    expect(kept).toEqual([...odd, ...even].sort((a, b) => a - b));
  });
});

describe('Function: rankBaselines', () => {
  it('ranks both splits with every baseline', () => {
    // Arrange
    const data = dataOf([
      [1, 2, 1, 2],
      [1, 2],
    ]);
    const cases = casesOf([{ history: [1], target: 2 }]);

    // Act
    const baselines = rankBaselines(data, { validation: cases, test: cases }, false);

    // Assess
    expect(baselines.map(({ name }) => name)).toEqual([
      'popularity',
      'repeat-last',
      'sequential-rules',
    ]);
    expect(baselines.map(({ ranks }) => [...ranks.test])).toEqual([[2], [2], [1]]);
    expect(baselines.map(({ ranks }) => [...ranks.validation])).toEqual([[2], [2], [1]]);
  });
});
