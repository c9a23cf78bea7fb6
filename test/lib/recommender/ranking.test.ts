import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tf } from '#lib/graph/tensorflow.ts';
import { countAhead } from '#lib/recommender/count-ahead.ts';
import { metricsAt, type Ranker, rankCases } from '#lib/recommender/ranking.ts';
import { translateCases } from '#lib/recommender/translate-cases.ts';
import { casesOf as plainCases } from '../sequences/cases.ts';
import { casesOf } from './fixtures.ts';

/** Ranks by given scores, one row per case, in batches of three. */
function rankerOf(scores: readonly number[][], excluded: number): Ranker {
  let begin = -3;
  let last: Int32Array | undefined;
  return {
    cases: 3,
    window: 2,
    items: scores[0]!.length,
    excluded,
    shape: { timeAttention: false, baskets: false },
    count(input) {
      // A case with more items to leave out than there are places comes back with the same history.
      if (input.items !== last) begin += 3;
      last = input.items;
      const rows = Array.from({ length: 3 }, (_, row) => scores[begin + row] ?? scores[0]!);
      return tf.tidy(() => {
        const counts = countAhead(
          tf.tensor2d(rows),
          tf.tensor1d(input.targets, 'int32'),
          excluded === 0 ? undefined : tf.tensor2d(input.excluded, [3, excluded], 'int32'),
        );
        return {
          ahead: counts.ahead.dataSync<'int32'>(),
          excludedAhead: counts.excludedAhead?.dataSync<'int32'>() ?? new Int32Array(0),
          scores: counts.scores.dataSync<'float32'>(),
        };
      });
    },
  };
}

/** The list that serving would show. */
function listOf(scores: readonly number[], left: readonly number[]): number[] {
  return scores
    .map((score, index) => ({ score, item: index + 1 }))
    .filter(({ item }) => !left.includes(item))
    .toSorted((a, b) => b.score - a.score || a.item - b.item)
    .map(({ item }) => item);
}

describe('Function: rankCases', () => {
  it.each([true, false])('is the place in the sorted list (history left out: %s)', (isLeftOut) => {
    const items = 7;
    const scoresOfCase = fc.array(fc.integer({ min: 0, max: 3 }), {
      minLength: items,
      maxLength: items,
    });
    const item = fc.integer({ min: 1, max: items });
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            scoresOfCase,
            fc.array(item, { maxLength: 4 }),
            item,
            fc.uniqueArray(item, { maxLength: 4 }),
          ),
          { minLength: 1, maxLength: 8 },
        ),
        fc.integer({ min: 1, max: 5 }),
        (rows, places) => {
          // Arrange: what was taken before the window is left out too, in as many calls as that takes
          const cases = plainCases(
            rows.map(([, history, target, earlier]) => ({ history, target, earlier })),
          );
          const ranker = rankerOf(
            rows.map(([scores]) => scores),
            isLeftOut ? places : 0,
          );

          // Act
          const ranks = rankCases(ranker, cases);

          // Assess
          rows.forEach(([scores, history, target, earlier], at) => {
            const left = isLeftOut ? [...history, ...earlier] : [];
            expect(ranks[at]).toBe(listOf(scores, left).indexOf(target) + 1);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it('gives 0 to a target that the model does not know', () => {
    // Arrange
    const cases = casesOf([
      [[1], 0],
      [[1], 9],
      [[1], 2],
    ]);

    // Act
    const ranks = rankCases(
      rankerOf(
        [
          [3, 2, 1],
          [3, 2, 1],
          [3, 2, 1],
        ],
        0,
      ),
      cases,
    );

    // Assess
    expect(Array.from(ranks)).toEqual([0, 0, 2]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'never takes a target with the score %s for the first',
    (score) => {
      // Arrange
      const cases = casesOf([[[1], 2]]);

      // Act & Assess
      expect(() => rankCases(rankerOf([[3, score, 1]], 0), cases)).toThrow(
        `The model scores item 2 of case 0 (user user-0) with ${score}: its weights are damaged`,
      );
    },
  );

  it('ranks the cases asked for, in that order', () => {
    // Arrange
    const cases = casesOf([
      [[1], 1],
      [[1], 2],
      [[1], 3],
    ]);

    // Act
    const ranks = rankCases(
      rankerOf(
        [
          [3, 2, 1],
          [3, 2, 1],
        ],
        0,
      ),
      cases,
      Int32Array.of(2, 0),
    );

    // Assess
    expect(Array.from(ranks)).toEqual([3, 1]);
  });
});

describe('Function: metricsAt', () => {
  it('is the hand-computed hit rate and NDCG', () => {
    // Act
    const { hr, ndcg } = metricsAt(Int32Array.of(1, 3, 10, 11, 0), 10);

    // Assess
    expect(hr).toBe(3 / 5);
    expect(ndcg).toBeCloseTo((1 + 1 / 2 + 1 / Math.log2(11)) / 5, 12);
  });
});

describe('Function: translateCases', () => {
  it('drops what the other vocabulary does not have', () => {
    // Arrange
    const cases = casesOf([
      [[1, 2, 3], 2],
      [[2], 3],
    ]);

    // Act
    const translated = translateCases(cases, ['a', 'b', 'c'], ['c', 'a']);

    // Assess
    expect(Array.from(translated.items)).toEqual([2, 1]);
    expect(Array.from(translated.offsets)).toEqual([0, 2, 2]);
    expect(Array.from(translated.targets)).toEqual([0, 1]);
  });
});
