import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import { shapeOf, type TrainingData } from '#lib/evaluation/rivals/history-scorer.ts';
import { restoreScorer } from '#lib/evaluation/rivals/pair-scorer.ts';
import { fitSessions, type SessionSettings } from '#lib/evaluation/rivals/session-neighbours.ts';
import { fitOn } from '#lib/sequences/passes.ts';
import { type Action, dataOf, scoresOf } from './rows.ts';

const items = 8;
const row = fc.array(fc.integer({ min: 1, max: items }), { minLength: 1, maxLength: 6 });

/** The formula, word by word. */
function expected(
  rows: readonly (readonly number[])[],
  history: readonly number[],
  { neighbours, decay }: { readonly neighbours: number; readonly decay: number },
): number[] {
  const stepOf = new Map<number, number>();
  history.toReversed().forEach((item, step) => {
    if (!stepOf.has(item)) stepOf.set(item, step);
  });
  const sessions = rows
    .map((own, at) => ({ own: [...new Set(own)], time: own.length - 1, at }))
    .map((session) => {
      const shared = session.own.flatMap((item) => stepOf.get(item) ?? []);
      const sum = shared.reduce((total, step) => total + decay ** step, 0);
      const nearest = Math.min(...shared);
      return { ...session, nearest, similarity: sum / Math.sqrt(session.own.length) };
    })
    .filter(({ similarity }) => similarity > 0)
    .sort((a, b) => b.similarity - a.similarity || b.time - a.time || b.at - a.at)
    .slice(0, neighbours);
  const scores = new Array<number>(items).fill(0);
  for (const { own, similarity, nearest } of sessions) {
    for (const item of own) scores[item - 1]! += similarity / (1 + nearest);
  }
  return scores;
}

const sessionNeighbours = (data: TrainingData, settings: SessionSettings) =>
  fitOn(data.shards, fitSessions(shapeOf(data), [settings]))[0]!;

describe('Function: fitSessions', () => {
  it('keeps the newest 20,000 sessions, the oldest of them first, those of one time in their order', () => {
    // Arrange: five sessions are the oldest, in the middle of the others, which end at two times.
    const rows: Action[][] = Array.from({ length: 20_005 }, (_, at) => {
      const isOld = at >= 9_000 && at < 9_005;
      return [[isOld ? 8 : 1 + (at % 7), isOld ? 5 : at < 100 ? 20 : 10]];
    });
    // Act
    const { arrays } = sessionNeighbours(dataOf(rows, items), { neighbours: 5, decay: 0.5 });
    // Assess
    const kept = rows.map((row) => row[0] as readonly [number, number]);
    const inOrder = [
      ...kept.filter(([, time]) => time === 10),
      ...kept.filter(([, time]) => time === 20),
    ].map(([item]) => item);
    expect([...arrays.items!]).toEqual(inOrder);
  });

  it('keeps the newest of more than it holds on the way, of one time the last ones', () => {
    // Arrange: 20,000 are kept of the first 40,000; the two behind end when the oldest of these do, or before.
    const rows: Action[][] = Array.from({ length: 40_000 }, (_, at) => [
      [at < 19_999 ? 2 : 1, at < 19_999 ? 20 : 10],
    ]);
    rows.push([[8, 9]], [[7, 10]]);
    // Act
    const { arrays } = sessionNeighbours(dataOf(rows, items), { neighbours: 5, decay: 0.5 });
    // Assess
    expect([...arrays.items!]).toEqual([7, ...Array(19_999).fill(2)]);
  });

  it('has the items of each session once', () => {
    const { arrays } = sessionNeighbours(dataOf([[1, 2, 1], [3]], items), {
      neighbours: 5,
      decay: 0.5,
    });

    expect(arrays).toEqual({ offsets: Int32Array.of(0, 1, 3), items: Int32Array.of(3, 1, 2) });
  });

  it('scores as the formula says, also after it was a file', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 12 }),
        row,
        fc.constantFrom(1, 3, 50),
        (rows, history, neighbours) => {
          // Arrange: sums in another order may tie or not by their last bit.
          const settings = { neighbours, decay: 0.5 };

          // Act
          const scorer = sessionNeighbours(dataOf(rows, items), settings);
          const scores = scoresOf(scorer, history, items);
          const { kind, parameters, arrays } = scorer;
          const restored = restoreScorer(kind, parameters, arrays, items);

          // Assess
          if (neighbours === 50) {
            expect(scores).toEqual(
              expected(rows, history, settings).map((score) => expect.closeTo(score, 9)),
            );
          }
          const total = (values: readonly number[]) =>
            values.reduce((sum, value) => sum + value, 0);
          expect(total(scores) > 0).toBe(total(expected(rows, history, settings)) > 0);
          expect(scoresOf(restored, history, items)).toEqual(scores);
        },
      ),
    );
  });

  it('asks the nearest sessions, of two alike the newer one', () => {
    // Arrange: three sessions with item 1, the second shares two items, the third is the newest.
    const rows: Action[][] = [
      [
        [1, 0],
        [4, 10],
      ],
      [
        [1, 0],
        [2, 10],
        [5, 20],
      ],
      [
        [1, 0],
        [6, 30],
      ],
    ];
    const scores = (neighbours: number) =>
      scoresOf(sessionNeighbours(dataOf(rows, items), { neighbours, decay: 1 }), [2, 1], items)
        .map((score, at) => (score > 0 ? at + 1 : 0))
        .filter((item) => item > 0);

    // Act and assess
    expect(scores(1)).toEqual([1, 2, 5]);
    expect(scores(2)).toEqual([1, 2, 5, 6]);
    expect(scores(3)).toEqual([1, 2, 4, 5, 6]);
  });

  it('weighs sessions as counted by hand, and the next request as if it were the first', () => {
    // Arrange: after 1 and then 2, what shares 1 alone is one step back.
    const rows: Action[][] = [
      [1, 4],
      [1, 2, 5],
    ];
    const scorer = sessionNeighbours(dataOf(rows, items), { neighbours: 5, decay: 0.5 });
    const near = 1.5 / Math.sqrt(3);
    const far = 0.5 / Math.sqrt(2) / 2;

    // Act and assess
    for (const _ of ['first', 'second']) {
      expect(scoresOf(scorer, [1, 2], items)).toEqual(
        [near + far, near, 0, far, near, 0, 0, 0].map((score) => expect.closeTo(score, 12)),
      );
    }
    const one = sessionNeighbours(dataOf(rows, items), { neighbours: 1, decay: 0.5 });
    expect(scoresOf(one, [1, 2], items)).toEqual(
      [near, near, 0, 0, near, 0, 0, 0].map((score) => expect.closeTo(score, 12)),
    );
  });

  it('asks the newer one of two that are alike, whichever shard it is in', () => {
    const newer: Action[] = [
      [1, 0],
      [4, 90],
    ];
    const older: Action[] = [
      [1, 0],
      [6, 30],
    ];
    const scores = (rows: Action[][]) =>
      scoresOf(sessionNeighbours(dataOf(rows, items), { neighbours: 1, decay: 1 }), [1], items);
    const expected = [1, 0, 0, 1, 0, 0, 0, 0].map((sign) =>
      expect.closeTo(sign / Math.sqrt(2), 12),
    );

    expect(scores([newer, older])).toEqual(expected);
    expect(scores([older, newer])).toEqual(expected);
  });

  it('asks the newer of two that are alike by different items, and of three', () => {
    const ending = (item: number, own: number, time: number): Action[] => [
      [item, 0],
      [own, time],
    ];
    const rows = [ending(2, 4, 10), ending(1, 5, 20), ending(3, 6, 15)];
    const asked = (neighbours: number, history: number[]) => {
      const scorer = sessionNeighbours(dataOf(rows, items), { neighbours, decay: 1 });
      return [4, 5, 6].filter((item) => scoresOf(scorer, history, items)[item - 1]! > 0);
    };

    expect(asked(1, [1, 2])).toEqual([5]);
    expect(asked(1, [1, 3, 2])).toEqual([5]);
    expect(asked(2, [1, 3, 2])).toEqual([5, 6]);
    expect(asked(2, [2, 1, 3])).toEqual([5, 6]);
  });

  it.each([3, 4])('adds up what %i sessions say from the oldest on', (neighbours) => {
    // Arrange: the further back in the history, the older the session; the one with 4 is the least similar.
    const rows = [
      [4, 8, 7, 6, 5],
      [1, 8],
      [2, 8],
      [3, 8],
    ];
    const times = rows.map((row, time) => row.map((item): Action => [item, time]));
    const scorer = sessionNeighbours(dataOf(times, items), { neighbours, decay: 0.75 });
    const say = (step: number, size: number) => 0.75 ** step / Math.sqrt(size) / (1 + step);
    const said = [...(neighbours === 4 ? [say(3, 5)] : []), say(2, 2), say(1, 2), say(0, 2)];
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
    // Act and assess
    expect(sum(said)).not.toBe(sum(said.toReversed()));
    expect(scoresOf(scorer, [4, 1, 2, 3], items)[7]).toBe(sum(said));
  });

  it('asks nobody about actions that weigh less than a hundredth', () => {
    const rows: Action[][] = [
      [7, 8],
      [1, 4],
    ];
    const after = (history: number[]) =>
      scoresOf(
        sessionNeighbours(dataOf(rows, items), { neighbours: 5, decay: 0.2 }),
        history,
        items,
      );

    // Two steps back 0.04, three 0.008
    expect(after([7, 2, 3])[7]).toBeGreaterThan(0);
    expect(after([7, 2, 3, 5])[7]).toBe(0);
    expect(after([7, 1, 2, 3])[3]).toBeGreaterThan(0);
    const hundredth = { neighbours: 5, decay: 0.01 };
    expect(
      scoresOf(sessionNeighbours(dataOf(rows, items), hundredth), [7, 2], items)[7],
    ).toBeGreaterThan(0);
  });

  it('counts a basket as one step', () => {
    const rows: Action[][] = [[1, 4]];
    const history: Action[] = [
      [1, 0],
      [2, 60],
      [3, 60],
    ];
    const score = (baskets: boolean) =>
      scoresOf(
        sessionNeighbours(dataOf(rows, items, baskets), { neighbours: 5, decay: 0.5 }),
        history,
        items,
      )[3];

    expect(score(true)).toBeCloseTo(0.5 / Math.sqrt(2) / 2, 12);
    expect(score(false)).toBeCloseTo(0.25 / Math.sqrt(2) / 3, 12);
  });

  it('looks at the 200 newest sessions with an item', () => {
    const withFirst = (others: number) => [
      [1, 2],
      ...Array.from({ length: others }, (): Action[] => [
        [1, 10],
        [3, 20],
      ]),
    ];
    const second = (others: number) =>
      scoresOf(
        sessionNeighbours(dataOf(withFirst(others), items), { neighbours: 500, decay: 0.5 }),
        [1],
        items,
      )[1];

    expect(second(199)).toBeGreaterThan(0);
    expect(second(200)).toBe(0);
  });

  const whole = sessionNeighbours(dataOf([[1, 2], [2]], 2), { neighbours: 5, decay: 0.5 });

  it.each<[string, object, object, number?]>([
    ['of items beyond the vocabulary', {}, {}, 1],
    ['of an item 0', {}, { items: Int32Array.of(1, 0, 2) }],
    ['that begin elsewhere', {}, { offsets: Int32Array.of(1, 2, 3) }],
    ['that end before the items do', {}, { offsets: Int32Array.of(0, 1, 2) }],
    ['of which one ends before it begins', {}, { offsets: Int32Array.of(0, 4, 3) }],
    ['without offsets', {}, { offsets: undefined }],
    ['without items', {}, { items: undefined }],
    ['with numbers in place of indices', {}, { items: Float32Array.of(1, 2, 2) }],
    ['without a number of neighbours', { neighbours: undefined }, {}],
    ['without a decay', { decay: Number.NaN }, {}],
    ['that do not say whether there are baskets', { baskets: undefined }, {}],
  ])('refuses sessions %s', (_, parameters, arrays, count = 2) => {
    const { kind } = whole;
    const restore = () =>
      restoreScorer(
        kind,
        { ...whole.parameters, ...parameters } as typeof whole.parameters,
        { ...whole.arrays, ...arrays } as typeof whole.arrays,
        count,
      );

    expect(restore).toThrow(ContractError);
    expect(restore).toThrow(`do not fit ${count} items`);
  });

  it('takes sessions that fit', () => {
    const { kind, parameters, arrays } = whole;

    expect(restoreScorer(kind, parameters, arrays, 2).arrays).toEqual(arrays);
  });

  it('takes a session of nothing, of which no history has anything', () => {
    const { kind, parameters } = whole;
    const arrays = { offsets: Int32Array.of(0, 2, 2, 3), items: Int32Array.of(1, 2, 2) };

    const restored = restoreScorer(kind, parameters, arrays, 2);

    expect(scoresOf(restored, [1], 2)).toEqual(scoresOf(whole, [1], 2));
  });
});
