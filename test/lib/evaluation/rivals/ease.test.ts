import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type EaseSettings, easeItems, fitEase } from '#lib/evaluation/rivals/ease.ts';
import { shapeOf, type TrainingData } from '#lib/evaluation/rivals/history-scorer.ts';
import { fitOn } from '#lib/sequences/passes.ts';
import { dataOf, scoresOf, shardOf } from './rows.ts';

/** What test/reference/ease.py computed with NumPy. */
const golden: {
  readonly rows: readonly (readonly number[])[];
  readonly items: number;
  readonly lambda: number;
  readonly weights: readonly (readonly number[])[];
} = JSON.parse(
  readFileSync(new URL('../../../reference/golden/ease.golden.json', import.meta.url), 'utf8'),
);

const ease = (data: TrainingData, settings: EaseSettings) =>
  fitOn(data.shards, fitEase(shapeOf(data), [settings]))?.[0];

describe('Function: fitEase', () => {
  it('has the weights of the closed form, the positive ones', () => {
    // Act
    const { rows, items, lambda } = golden;
    const scorer = ease(dataOf(rows, items), { lambda, decay: 1 })!;

    // Assess
    for (let item = 1; item <= items; item++) {
      const expected = golden.weights[item - 1]!.map((weight) => Math.max(0, weight));
      expect(scoresOf(scorer, [item], items)).toEqual(
        expected.map((weight) => expect.closeTo(weight, 6)),
      );
    }
  });

  it('takes the rows of one user for one history, an item for one however often it was taken', () => {
    // Arrange: user 0 in two rows, an item twice in the second.
    const whole = dataOf(
      [
        [1, 2, 3],
        [2, 4],
      ],
      4,
    );
    const cut = shardOf([
      [1, 2],
      [2, 3, 3],
      [2, 4],
    ]);
    const split = { ...whole, shards: [{ ...cut, users: ['a', 'a', 'b'] }] };

    // Act
    const [one, other] = [whole, split].map((data) => ease(data, { lambda: 1, decay: 1 })!);

    // Assess
    expect(other).toMatchObject({ arrays: one!.arrays });
  });

  it('says nothing of items that nobody took, and leaves large catalogues alone', () => {
    // Arrange: item 4 was never taken.
    const scorer = ease(
      dataOf(
        [
          [1, 2],
          [2, 3],
        ],
        4,
      ),
      { lambda: 1, decay: 0.5 },
    )!;
    const large = dataOf([Array.from({ length: easeItems + 1 }, (_, at) => at + 1)], easeItems + 1);

    // Act and assess
    expect(scoresOf(scorer, [4], 4)).toEqual([0, 0, 0, 0]);
    expect(scoresOf(scorer, [1], 4)[3]).toBe(0);
    expect(ease(large, { lambda: 1, decay: 0.5 })).toBeUndefined();
  });

  it('has the weights that are positive, of items that somebody took with another', () => {
    // Arrange: 1 and 2, and 4 and 5, are taken together, 3 by nobody.
    const rows = [
      [1, 2],
      [4, 5],
    ];
    // Act
    const scorer = ease(dataOf(rows, 5), { lambda: 1, decay: 0.5 })!;
    // Assess: P = ((2, 1), (1, 2))^-1 = ((2, -1), (-1, 2)) / 3 for either pair.
    expect([scorer.kind, scorer.parameters]).toEqual([
      'ease',
      { decay: 0.5, lambda: 1, baskets: 0 },
    ]);
    expect(scorer.arrays).toEqual({
      offsets: Int32Array.of(0, 0, 1, 2, 2, 3, 4),
      items: Int32Array.of(2, 1, 5, 4),
      strengths: Float32Array.of(0.5, 0.5, 0.5, 0.5),
    });
    expect(ease(dataOf(rows, 5, true), { lambda: 1, decay: 0.5 })!.parameters.baskets).toBe(1);
  });

  it('counts the items that were taken, not those of the catalogue, and needs one', () => {
    const settings = { lambda: 1, decay: 1 };
    const wide = ease(dataOf([[1, easeItems + 2]], easeItems + 2), settings)!;

    expect(wide.arrays.items).toEqual(Int32Array.of(easeItems + 2, 1));
    expect(ease(dataOf([], 3), settings)).toBeUndefined();
  });

  it('takes the rows of one user for one history, also where they are in two shards', () => {
    const one = dataOf([[1, 2, 3], [2]], 3);
    const [first, second] = [shardOf([[1, 2]]), shardOf([[3], [2]])];
    const apart = { ...one, shards: [first, { ...second, users: ['u0', 'u1'] }] };
    const settings = { lambda: 1, decay: 1 };

    expect(ease(apart, settings)!.arrays).toEqual(ease(one, settings)!.arrays);
  });
});
