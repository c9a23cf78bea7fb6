import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BlendInput,
  type Component,
  meanOfTail,
  rankBlends,
  rareItemsFrom,
  visitRequests,
} from '#lib/evaluation/blend.ts';
import { planCounting } from '#lib/popularity/as-of.ts';
import { casesOf, type PlainCase } from '../sequences/cases.ts';

const items = 7;
const day = 86_400;
const none = {
  items: new Int32Array(0),
  times: new Float64Array(0),
  isHeldOut: new Uint8Array(0),
};

/** Scores that differ from request to request and are the same for some items; sums of them are exact. */
const scoreOf = (which: number, request: number, item: number) =>
  ((item * (which + 2) + request * 3) % 5) / 4 - 0.5;
const component = (which: number, requests: Int32Array): Component => ({
  name: `component ${which}`,
  write(index, scores) {
    for (let item = 1; item < scores.length; item++) {
      scores[item] = scoreOf(which, requests[index]!, item);
    }
  },
});
/** Of each request, from -2 on. */
const moderation = (which: number, request: number) => ((request + which) % 4) / 2 - 1;

/** Two users in turn; request 1 is a basket of two. */
const plain: readonly PlainCase[] = [
  { user: 'u', history: [1], target: 3, time: 5 * day, request: 0 },
  { user: 'v', history: [2, 4], earlier: [6], target: 6, time: 3 * day, request: 1 },
  { user: 'v', history: [2, 4], earlier: [6], target: 7, time: 3 * day, request: 1 },
  { user: 'u', history: [], target: items + 2, time: 4 * day, request: 2 },
  { user: 'v', history: [1, 2, 3, 4, 5], earlier: [6], target: 1, time: 4 * day, request: 3 },
  { user: 'u', history: [7], target: 1, time: 4 * day, request: 4 },
  { user: 'u', history: [], target: 0, time: 6 * day, request: 5 },
];
const cases = casesOf(plain);

function inputOf(components: number, moderators: number, excludeHistory: boolean): BlendInput {
  return {
    cases,
    counting: planCounting(none, cases.times, 'request', 'global-time'),
    items,
    excludeHistory,
    components: Array.from({ length: components }, (_, at) => component(at, cases.requests)),
    counts: { halfLives: [], epsilon: 1 },
    moderators: Array.from({ length: moderators }, (_, at) => ({
      name: `${at}`,
      value: (index: number) => moderation(at, cases.requests[index]!),
    })),
  };
}

describe('Function: rankBlends', () => {
  it('sums what the components say with the weights of a request, in lists that are sorted in full', () => {
    const quarter = fc.integer({ min: -4, max: 8 }).map((value) => value / 4);
    const shape = fc.record({
      components: fc.integer({ min: 1, max: 7 }),
      moderators: fc.integer({ min: 0, max: 2 }),
      excludeHistory: fc.boolean(),
      length: fc.integer({ min: 1, max: items + 1 }),
    });
    fc.assert(
      fc.property(
        shape,
        fc.array(quarter, { minLength: 21, maxLength: 21 }),
        ({ components, moderators, excludeHistory, length }, numbers) => {
          // Arrange: without moderators weights are as they are; with them none is below 0 in the end.
          const size = components * (1 + moderators);
          const weights = numbers.slice(0, size);
          const others = numbers.slice(0, size).map((weight) => (weight < 0 ? 0 : 1 - weight));
          const weightOf = (all: readonly number[], request: number, k: number) => {
            const moved = Array.from({ length: moderators }, (_, m) => m).reduce(
              (sum, m) => sum + moderation(m, request) * all[(1 + m) * components + k]!,
              all[k]!,
            );
            return moderators === 0 ? moved : Math.max(0, moved);
          };
          const listOf = (all: readonly number[], index: number) => {
            const { history, earlier = [], request } = plain[index]!;
            const score = (item: number) =>
              Array.from({ length: components }, (_, k) => k).reduce(
                (sum, k) => sum + weightOf(all, request!, k) * scoreOf(k, request!, item),
                0,
              );
            return Array.from({ length: items }, (_, at) => at + 1)
              .filter((item) => !excludeHistory || ![...history, ...earlier].includes(item))
              .sort((a, b) => score(b) - score(a) || a - b);
          };

          // Act
          const ranked = rankBlends(
            inputOf(components, moderators, excludeHistory),
            [
              () => Float64Array.from(weights),
              (index) => Float64Array.from(index < 3 ? weights : others),
            ],
            length,
          );

          // Assess
          ranked.forEach(({ ranks, lists, listLength }, which) => {
            expect(listLength).toBe(length);
            plain.forEach(({ target }, index) => {
              const list = listOf(which === 1 && index >= 3 ? others : weights, index);
              expect(ranks[index]).toBe(list.indexOf(target) + 1);
              expect([...lists.subarray(index * length, (index + 1) * length)]).toEqual(
                Array.from({ length }, (_, place) => list[place] ?? 0),
              );
            });
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('has a list of its own length of each blend', () => {
    // Arrange
    const input = inputOf(1, 0, false);
    const blends = [1, 1, 2].map((weight) => () => Float64Array.of(weight));

    // Act
    const ranked = rankBlends(input, blends, [0, 2, 3]);

    // Assess
    const [alike] = rankBlends(input, blends.slice(0, 1), 3);
    expect(ranked.map(({ listLength }) => listLength)).toEqual([0, 2, 3]);
    expect(ranked.map(({ ranks }) => ranks)).toEqual([alike!.ranks, alike!.ranks, alike!.ranks]);
    expect([...ranked[0]!.lists]).toEqual([]);
    expect([...ranked[1]!.lists]).toEqual([...alike!.lists].filter((_, at) => at % 3 < 2));
    expect([...ranked[2]!.lists]).toEqual([...alike!.lists]);
  });

  it('has lists of ten where nobody says otherwise', () => {
    const [ranked] = rankBlends(inputOf(1, 0, false), [() => Float64Array.of(1)]);

    expect(ranked!.listLength).toBe(10);
    expect(ranked!.lists).toHaveLength(10 * plain.length);
  });
});

describe('Function: visitRequests', () => {
  it('visits each request once, in the order of time, with all that is said of it', () => {
    const input = {
      ...inputOf(2, 2, false),
      counting: planCounting(
        {
          items: Int32Array.of(2, 2),
          times: Float64Array.of(0, day),
          isHeldOut: new Uint8Array(2),
        },
        cases.times,
        'request',
        'global-time',
      ),
      counts: { halfLives: [Number.POSITIVE_INFINITY], epsilon: 0.5 },
    };
    const visits: unknown[] = [];
    const visit = (
      begin: number,
      end: number,
      features: readonly Float64Array[],
      values: Float64Array,
    ) => {
      visits.push([begin, end, ...features.map((row) => [...row.subarray(1)]), [...values]]);
    };
    const expected = [1, 3, 4, 5, 0, 6].map((begin) => {
      const { request } = plain[begin]!;
      const said = [0, 1].map((which) =>
        Array.from({ length: items }, (_, at) => scoreOf(which, request!, at + 1)),
      );
      const counts = Array.from({ length: items }, (_, at) => Math.log((at === 1 ? 2 : 0) + 0.5));
      const moved = [0, 1].map((which) => moderation(which, request!));
      return [begin, begin === 1 ? 3 : begin + 1, ...said, counts, [1, ...moved]];
    });

    visitRequests(input, visit);

    expect(visits).toEqual(expected);
    visits.length = 0;
    visitRequests(input, visit, Int32Array.of(0, 4));
    expect(visits).toEqual([expected[2], expected[4]]);
  });

  it('asks moderators with the rows of the request', () => {
    const asked: number[] = [];
    const input: BlendInput = {
      ...inputOf(1, 0, false),
      moderators: [
        {
          name: 'first item',
          value(_, features) {
            asked.push(features[0]![1]!);
            return 0;
          },
        },
      ],
    };

    visitRequests(input, () => {}, Int32Array.of(4));

    expect(asked).toEqual([scoreOf(0, 3, 1)]);
  });
});

describe('Functions: rareItemsFrom, meanOfTail', () => {
  it('are about the last fifth of a vocabulary, one item at least', () => {
    expect([1, 2, 4, 5, 9, 10, 11].map(rareItemsFrom)).toEqual([0, 1, 3, 4, 7, 8, 8]);
    expect(meanOfTail(Float64Array.of(9, 9, 9, 9, 9, 9, 9, 9, 1, 4))).toBe(2.5);
    expect(meanOfTail(Float32Array.of(3))).toBe(3);
  });
});
