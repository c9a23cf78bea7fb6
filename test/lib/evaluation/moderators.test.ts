import { describe, expect, it } from 'vitest';
import { absence, meanOf, moderatorsOf, recency } from '#lib/evaluation/moderators.ts';
import { casesOf } from '../sequences/cases.ts';

const day = 86_400;

describe('Function: absence', () => {
  it('grows with the time somebody was away, and is as usual where nobody knows', () => {
    const values = [0, 30, day, 30 * day].map(absence);

    expect(values.toSorted((a, b) => a - b)).toEqual(values);
    expect(absence(undefined)).toBe(0);
    expect(absence(-5)).toBe(absence(0));
  });

  it('is below -1 for no time, 0 after two hours and a quarter and 1 after two weeks', () => {
    expect(absence(0)).toBe(-9 / 5);
    expect(absence(Math.expm1(9))).toBeCloseTo(0, 12);
    expect(absence(Math.expm1(14))).toBeCloseTo(1, 12);
  });
});

describe('Function: recency', () => {
  /** Item 1 is popular, 2 and 3 are not. */
  const logCounts = Float64Array.of(4, -1, 0);

  it('tells who is with what is popular now, the last item first', () => {
    expect(recency([1], logCounts)).toBeGreaterThan(recency([2], logCounts));
    expect(recency([2, 1], logCounts)).toBeGreaterThan(recency([1, 2], logCounts));
    expect(recency([], logCounts)).toBe(-1);
  });

  it('is a mean beside the catalogue, each step back 0.8 as much, among one usual action', () => {
    const expected = (4 - 1 + 0.8 * (-1 - 1) + 0.64 * (0 - 1)) / (1 + 1 + 0.8 + 0.64) - 1;

    expect(recency([3, 2, 1], logCounts)).toBeCloseTo(expected, 12);
    expect(recency([3, 2, 1], logCounts, 1)).toBeCloseTo(expected, 12);
    expect(recency([1], logCounts, 2)).toBe((4 - 2) / 2 - 1);
  });

  it('forgets what lies more than 41 actions back', () => {
    const history = Array<number>(42).fill(2);

    expect(recency([1, ...history], logCounts)).toBe(recency(history, logCounts));
    expect(recency([1, ...history.slice(1)], logCounts)).not.toBe(
      recency([2, ...history.slice(1)], logCounts),
    );
  });
});

describe('Function: meanOf', () => {
  it('is 0 of nothing', () => {
    expect(meanOf([1, 2, 6])).toBe(3);
    expect(meanOf([])).toBe(0);
  });
});

describe('Function: moderatorsOf', () => {
  const cases = casesOf([
    { history: [], target: 1, time: 10 * day },
    { history: [2, 1], historyTimes: [3 * day, 8 * day], target: 1, time: 10 * day },
    { history: [3], historyTimes: [9 * day], target: 1, time: 10 * day },
  ]);
  const component = { name: 'some', write() {} };
  const counts = [
    Float64Array.of(9, 9, 9, 9),
    Float64Array.of(7, 4, -1, 0),
    Float64Array.of(5, 1, 1, 4),
  ];
  const values = (which: number, known?: number) =>
    moderatorsOf({ cases, components: [component] }, which, known).map(({ name, value }) => [
      name,
      ...[0, 1, 2].map((index) => value(index, counts)),
    ]);

  it('says of each case how long its user was away and how recent his items are', () => {
    expect(values(0)).toEqual([
      ['absence', 0, absence(2 * day), absence(day)],
      ['recency', -1, recency([2, 1], [4, -1, 0]), recency([3], [4, -1, 0])],
    ]);
    expect(values(1)[1]).toEqual([
      'recency',
      -1,
      recency([2, 1], [1, 1, 4]),
      recency([3], [1, 1, 4]),
    ]);
  });

  it('looks at the items that a vocabulary has', () => {
    expect(values(0, 2)[1]![2]).toBe(recency([2, 1], [4, -1]));
  });
});
