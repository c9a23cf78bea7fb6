import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import {
  type BaselineScorer,
  orderByPopularity,
  popularity,
  rankBaselines,
  rankByScorer,
} from '#lib/evaluation/baselines.ts';
import { ItemScores } from '#lib/evaluation/rivals/item-scores.ts';
import { repeatLast, sequentialRules } from '#lib/evaluation/rivals/pair-scorer.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { casesOf } from '../sequences/cases.ts';

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
  const shards = [shardOf(rows.slice(0, half)), shardOf(rows.slice(half))];
  return { itemTable, shards, baskets: false };
}

const item = fc.integer({ min: 1, max: items });
const sequences = fc.array(fc.array(item, { minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 8,
});

/** Sorts the whole list of items that may be shown and looks the target up in it. */
function plainRank(
  scorer: BaselineScorer,
  { history, target }: { history: number[]; target: number },
  counts: Int32Array,
  excludeHistory: boolean,
): number {
  const scores = new ItemScores(counts.length);
  scorer.score(
    { items: Int32Array.from(history), times: new Float64Array(history.length) },
    scores,
  );
  const list = Array.from(counts, (_, index) => index + 1)
    .filter((one) => !(excludeHistory && history.includes(one)))
    .sort((a, b) => {
      const [scoreA, scoreB] = [scores.values[a]!, scores.values[b]!];
      if (scoreA !== scoreB) return scoreB - scoreA;
      return scoreA > 0 ? a - b : counts[b - 1]! - counts[a - 1]! || a - b;
    });
  return list.indexOf(target) + 1;
}

describe('Function: rankByScorer', () => {
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

          for (const scorer of [popularity, repeatLast, sequentialRules(data)]) {
            // Act
            const ranks = rankByScorer(
              scorer,
              casesOf(pairs),
              orderByPopularity(counts),
              excludeHistory,
            );

            // Assess
            expect([...ranks], scorer.kind).toEqual(
              pairs.map((pair) => plainRank(scorer, pair, counts, excludeHistory)),
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
    expect(() => rankByScorer(popularity, cases, order, false)).toThrow(ContractError);
    const before = casesOf([
      { history: [items], target: items },
      { history: [1, items + 1], target: 1 },
    ]);
    expect(() => rankByScorer(popularity, before, order, false)).toThrow(
      'Evaluation case 1 has an item that is not among the 12 of the vocabulary.',
    );
  });
});

describe('Scorer: popularity', () => {
  it('ranks by count, then index, whatever the history', () => {
    // Arrange
    const order = orderByPopularity(Int32Array.of(2, 5, 2, 0));
    const cases = casesOf([1, 2, 3, 4].map((target) => ({ history: [4, 3], target })));

    // Act and assess
    expect([...rankByScorer(popularity, cases, order, false)]).toEqual([2, 1, 3, 4]);
    expect([...rankByScorer(popularity, cases, order, true)]).toEqual([2, 1, 0, 0]);
  });
});

describe('Function: rankByScorer, repeat-last', () => {
  it('lists the history from its end, each item once, then the popular ones', () => {
    // Arrange
    const order = orderByPopularity(Int32Array.of(9, 8, 7, 6, 5));
    const cases = casesOf([1, 2, 3, 4, 5].map((target) => ({ history: [5, 3, 5, 4], target })));

    // Act and assess: 4, 5, 3, then 1, 2.
    expect([...rankByScorer(repeatLast, cases, order, false)]).toEqual([4, 5, 3, 1, 2]);
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
