import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { restoreScorer } from '#lib/evaluation/rivals/pair-scorer.ts';
import { sessionNeighbours } from '#lib/evaluation/rivals/session-neighbours.ts';
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

describe('Function: sessionNeighbours', () => {
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

  it('refuses sessions that do not fit', () => {
    const { kind, parameters, arrays } = sessionNeighbours(dataOf([[1, 2]], 2), {
      neighbours: 5,
      decay: 0.5,
    });
    expect(() => restoreScorer(kind, parameters, arrays, 1)).toThrow('do not fit 1 items');
    expect(() => restoreScorer(kind, {}, arrays, 2)).toThrow('do not fit 2 items');
  });
});
