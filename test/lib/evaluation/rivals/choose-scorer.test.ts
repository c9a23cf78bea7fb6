import { describe, expect, it } from 'vitest';
import { chooseScorer } from '#lib/evaluation/rivals/choose-scorer.ts';
import type { HistoryScorer } from '#lib/evaluation/rivals/history-scorer.ts';
import { hash32 } from '#lib/sequences/hash32.ts';
import { casesOf, type PlainCase } from '../../sequences/cases.ts';

const items = 9;

/** Gives these items the scores, whatever the history. */
const scorer = (scores: Readonly<Record<number, number>>): HistoryScorer => ({
  kind: 'sequential-rules',
  parameters: {},
  arrays: {},
  score(_, into) {
    for (const [item, score] of Object.entries(scores)) into.add(Number(item), score);
  },
});

/** Which of the scorers is chosen. */
function chosen(
  scorers: readonly HistoryScorer[],
  cases: readonly PlainCase[],
  excludeHistory = false,
): number {
  return scorers.indexOf(chooseScorer(scorers, casesOf(cases), items, excludeHistory));
}

const none = scorer({});

describe('Function: chooseScorer', () => {
  it('takes the one that puts targets first, the first of equals', () => {
    const first = scorer({ 3: 2, 4: 1 });
    const second = scorer({ 3: 1, 4: 2 });
    const cases = [{ history: [1], target: 3 }];

    expect(chosen([second, first, first], cases)).toBe(1);
    expect(chosen([first, second], cases)).toBe(0);
    expect(chosen([none, none], cases)).toBe(0);
  });

  it('leaves items out of which a scorer says nothing', () => {
    expect(chosen([none, scorer({ 3: 0.1, 4: 5 })], [{ history: [1], target: 3 }])).toBe(1);
  });

  it('puts the item with the smaller number ahead of another of the same score', () => {
    const tied = scorer({ 3: 1, 4: 1 });
    const second = scorer({ 2: 2, 3: 1 });

    expect(chosen([second, tied], [{ history: [1], target: 3 }])).toBe(1);
    expect(chosen([second, tied], [{ history: [1], target: 4 }])).toBe(1);
    expect(chosen([scorer({ 4: 1 }), tied], [{ history: [1], target: 4 }])).toBe(0);
    expect(chosen([tied, scorer({ 4: 1 })], [{ history: [1], target: 4 }])).toBe(1);
  });

  it('passes over the history where lists leave it out, and targets that are in it', () => {
    const ahead = scorer({ 1: 9, 2: 8, 3: 1 });
    const alone = scorer({ 4: 2, 3: 1 });
    const cases = [{ history: [1], earlier: [2], target: 3 }];

    expect(chosen([alone, ahead], cases, true)).toBe(1);
    expect(chosen([ahead, alone], cases, false)).toBe(1);
    expect(chosen([none, scorer({ 1: 1 })], [{ history: [1], target: 1 }], true)).toBe(0);
    expect(chosen([none, scorer({ 1: 1 })], [{ history: [1], target: 1 }], false)).toBe(1);
  });

  it('passes over targets that the vocabulary does not have, and takes its last item', () => {
    expect(chosen([none, scorer({ 9: 1 })], [{ history: [1], target: 9 }])).toBe(1);
    // Without numbers for it, its score would be that of nothing.
    expect(
      chosen(
        [none, scorer({ 4: 1 })],
        [
          { history: [1], target: 10 },
          { history: [1], target: 4 },
        ],
      ),
    ).toBe(1);
  });

  it('adds the gains of all actions of a request and of all requests', () => {
    const cases = [
      { user: 'a', history: [1], target: 3, request: 0 },
      { user: 'a', history: [1], target: 4, request: 0 },
      { user: 'b', history: [2], target: 5, request: 1 },
    ];

    // In first place for one, or second and third for two.
    expect(chosen([scorer({ 5: 3 }), scorer({ 6: 9, 3: 2, 4: 1 })], cases)).toBe(1);
    expect(chosen([scorer({ 6: 9, 3: 2 }), scorer({ 5: 3 })], cases)).toBe(1);
  });

  it('asks about the histories of cases, one after the other', () => {
    const echo: HistoryScorer = {
      ...none,
      score({ items: own, times }, into) {
        for (const [at, item] of own.entries()) into.add(item, times[at]!);
      },
    };
    const cases = [
      { history: [3, 4], historyTimes: [1, 2], target: 4 },
      { history: [5], historyTimes: [1], target: 5 },
    ];

    expect(chosen([scorer({ 4: 1 }), echo], cases)).toBe(1);
  });

  it('compares on at most 2,000 requests, those with the smallest hashes', () => {
    // Arrange: histories are told apart by their times.
    const cases = Array.from({ length: 2001 }, (_, at) => ({
      user: `u${at % 7}`,
      history: [1],
      historyTimes: [at],
      target: 3,
    }));
    const asked: number[] = [];
    const listening: HistoryScorer = {
      ...none,
      score({ times }) {
        asked.push(times[0]!);
      },
    };
    const key = (at: number) => hash32(`u${at % 7} ${at}`, 17);

    // Act
    chosen([listening], cases);

    // Assess
    const byHash = [...cases.keys()].sort((a, b) => key(a) - key(b));
    expect(asked).toEqual(byHash.slice(0, 2000));
  });

  it('counts nothing ahead of a target but what has a higher score, or the same and a smaller number', () => {
    const lower = scorer({ 2: 1, 3: 2 });
    const behind = scorer({ 4: 9, 3: 2 });

    expect(chosen([behind, lower], [{ history: [1], target: 3 }])).toBe(1);
    // Once in first place is as good as twice in third.
    const first = scorer({ 5: 1 });
    const thirds = scorer({ 1: 9, 2: 9, 5: 1, 6: 1 });
    const cases = [
      { history: [1], target: 5 },
      { history: [1], earlier: [5], target: 6 },
    ];
    expect(chosen([first, thirds], cases)).toBe(0);
    expect(chosen([scorer({ 1: 9, 2: 9, 5: 1 }), first], cases)).toBe(1);
    expect(chosen([first, scorer({ 1: 9, 2: 9, 6: 2, 5: 1 })], cases)).toBe(0);
  });
});
