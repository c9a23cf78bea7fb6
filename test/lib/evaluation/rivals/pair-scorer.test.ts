import { describe, expect, it } from 'vitest';
import { stepsBack } from '#lib/evaluation/rivals/history-scorer.ts';
import {
  itemNeighbours,
  repeatLast,
  restoreScorer,
  sequentialRules,
  withDecay,
} from '#lib/evaluation/rivals/pair-scorer.ts';
import { type Action, dataOf, scoresOf } from './rows.ts';

const close = (values: readonly number[]) => values.map((value) => expect.closeTo(value, 6));

describe('Function: sequentialRules', () => {
  it('scores as the formula says', () => {
    // Arrange
    const rules = sequentialRules(
      dataOf(
        [
          [1, 2, 3],
          [1, 3],
          [2, 1],
        ],
        4,
      ),
      { decay: 0.5 },
    );

    // Act
    const scores = scoresOf(rules, [2, 1], 4);

    // Assess: 1 occurs three times, 2 twice. After 1: 2 (1), 3 (1/2 + 1). After 2: 3 (1), 1 (1).
    expect(scores).toEqual(
      close([0.5 / Math.sqrt(2), 1 / Math.sqrt(3), 1.5 / Math.sqrt(3) + 0.5 / Math.sqrt(2), 0]),
    );
  });

  it('counts distances in baskets, and makes no rule inside one', () => {
    // Arrange: 1 and 2 together, then 3 and 4 together.
    const row: Action[] = [
      [1, 10],
      [2, 10],
      [3, 20],
      [4, 20],
    ];
    const rules = sequentialRules(dataOf([row], 4, true), { decay: 0.5 });

    // Act and assess
    expect(scoresOf(rules, [[1, 30]], 4)).toEqual(close([0, 0, 1, 1]));
    expect(
      scoresOf(
        rules,
        [
          [1, 30],
          [2, 30],
        ],
        4,
      ),
    ).toEqual(close([0, 0, 2, 2]));
    expect(
      scoresOf(
        rules,
        [
          [1, 30],
          [2, 31],
        ],
        4,
      ),
    ).toEqual(close([0, 0, 1.5, 1.5]));
  });

  it('makes rules of up to ten steps', () => {
    const row = Array.from({ length: 12 }, (_, at) => at + 1);

    const scores = scoresOf(sequentialRules(dataOf([row], 12), { decay: 0.5 }), [1], 12);

    expect(scores).toEqual(close([0, ...Array.from({ length: 10 }, (_, at) => 1 / (at + 1)), 0]));
  });

  it('counts each action a step where there are no baskets, whatever its time', () => {
    const rules = sequentialRules(
      dataOf(
        [
          [1, 3],
          [2, 4],
        ],
        4,
      ),
      { decay: 0.5 },
    );
    const history: Action[] = [
      [1, 30],
      [2, 30],
    ];

    expect(scoresOf(rules, history, 4)).toEqual(close([0, 0, 0.5, 1]));
  });

  it('asks nothing of actions that weigh less than a hundredth', () => {
    const after = (decay: number, history: number[]) =>
      scoresOf(sequentialRules(dataOf([[1, 3]], 4), { decay }), history, 4)[2];

    expect(after(0.01, [1, 4])).toBeCloseTo(0.01, 8);
    expect(after(0.2, [1, 4, 4])).toBeCloseTo(0.04, 8);
    expect(after(0.2, [1, 4, 4, 4])).toBe(0);
  });

  it('keeps the strongest 200 rules of an item, ties to the smaller index', () => {
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

    // Act
    const scores = scoresOf(sequentialRules(dataOf(rows, 301), { decay: 0.5 }), [1], 301);

    // Assess
    const kept = scores.flatMap((score, at) => (score > 0 ? [at + 1] : []));
    const odd = Array.from({ length: 150 }, (_, index) => 2 * index + 3);
    const even = Array.from({ length: 50 }, (_, index) => 2 * index + 2);
    expect(kept).toEqual([...odd, ...even].sort((a, b) => a - b));
  });
});

describe('Function: itemNeighbours', () => {
  it('is the cosine of the histories that items are in, whatever their order', () => {
    // Arrange: 1 and 2 meet twice, 1 and 3 once.
    const neighbours = itemNeighbours(
      dataOf(
        [
          [1, 2],
          [2, 1, 3],
        ],
        4,
      ),
      { decay: 0.5 },
    );

    // Act and assess
    expect(scoresOf(neighbours, [1], 4)).toEqual(close([0, 1, 1 / Math.sqrt(2), 0]));
    expect(scoresOf(neighbours, [3, 4], 4)).toEqual(
      close([0.5 / Math.sqrt(2), 0.5 / Math.sqrt(2), 0, 0]),
    );
  });
});

describe('Scorer: repeat-last', () => {
  it('puts the last item first, each once', () => {
    expect(scoresOf(repeatLast, [5, 3, 5, 4], 5)).toEqual([0, 0, 2, 4, 3]);
    expect(scoresOf(repeatLast, [5, 3], 5)).toEqual([0, 0, 2, 0, 1]);
  });
});

describe('Function: stepsBack', () => {
  it('counts baskets from the end, or actions where there are none', () => {
    const times = Float64Array.of(1, 2, 2, 3);
    expect([...stepsBack(times, true)]).toEqual([2, 1, 1, 0]);
    expect([...stepsBack(times, false)]).toEqual([3, 2, 1, 0]);
    expect([...stepsBack(new Float64Array(0), true)]).toEqual([]);
  });
});

describe('Function: withDecay', () => {
  it('has the same pairs, and another weight for earlier actions', () => {
    const rules = sequentialRules(
      dataOf(
        [
          [1, 3],
          [2, 4],
        ],
        4,
        true,
      ),
      { decay: 0.5 },
    );

    const other = withDecay(rules, 0.25);

    expect(other).toMatchObject({
      ...{ kind: rules.kind, arrays: rules.arrays },
      parameters: { decay: 0.25, baskets: 1 },
    });
    expect(scoresOf(other, [1, 2], 4)).toEqual(close([0, 0, 0.25, 1]));
  });
});

describe('Function: restoreScorer', () => {
  const rules = sequentialRules(
    dataOf(
      [
        [1, 2, 3],
        [2, 1],
      ],
      3,
    ),
  );
  const { offsets, items, strengths } = rules.arrays;

  it.each([rules, itemNeighbours(dataOf([[1, 2, 3]], 3)), repeatLast])(
    'gives a scorer of the same scores ($kind)',
    (scorer) => {
      // Act
      const restored = restoreScorer(scorer.kind, scorer.parameters, scorer.arrays, 3);

      // Assess
      expect(scoresOf(restored, [3, 1], 3)).toEqual(scoresOf(scorer, [3, 1], 3));
      expect(scoresOf(restored, [3, 1], 3).some((score) => score > 0)).toBe(true);
      expect([restored.kind, restored.parameters]).toEqual([scorer.kind, scorer.parameters]);
    },
  );

  it.each<[string, object]>([
    ['no offsets', { offsets: undefined }],
    ['offsets of another type', { offsets: Float32Array.from(offsets!) }],
    ['offsets of another vocabulary', { offsets: Int32Array.of(...offsets!, offsets!.at(-1)!) }],
    ['offsets beyond the pairs', { offsets: offsets!.map((at) => at + 1) }],
    ['items of another type', { items: Float32Array.from(items!) }],
    ['an item that is none', { items: items!.with(0, 0) }],
    ['an item beyond the vocabulary', { items: items!.with(0, 4) }],
    ['strengths of another type', { strengths: Int32Array.from(strengths!) }],
    ['a strength too many', { strengths: Float32Array.of(...strengths!, 1) }],
    ['a strength of 0', { strengths: strengths!.with(0, 0) }],
    ['a strength without end', { strengths: strengths!.with(0, Number.POSITIVE_INFINITY) }],
  ])('refuses %s', (_, change) => {
    const restore = () =>
      restoreScorer(rules.kind, rules.parameters, { ...rules.arrays, ...change } as never, 3);
    expect(restore).toThrow('The pairs of the component "sequential-rules" do not fit 3 items.');
  });

  it.each(['decay', 'baskets'])('refuses parameters without "%s"', (name) => {
    const { [name]: _, ...parameters } = rules.parameters;
    expect(() => restoreScorer(rules.kind, parameters, rules.arrays, 3)).toThrow('do not fit');
  });
});
