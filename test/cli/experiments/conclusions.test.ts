import { describe, expect, it } from 'vitest';
import type { FinishedCell } from '#cli/experiments/cells.ts';
import { concludeExperiment, trendOf } from '#cli/experiments/conclusions.ts';
import { strataOfCases } from '#cli/experiments/experiment-strata.ts';
import { casesOf } from '../../lib/sequences/cases.ts';

const users = Array.from({ length: 400 }, (_, at) => `u${at}`);

/** A model with one seed, whose ranks are `rank` everywhere. */
const finished = (
  name: string,
  rank: number,
  part: { objective?: string; controls?: string } = {},
) =>
  ({
    result: { name, seed: 1, backbone: 'sasrec', objective: part.objective ?? 'snqn', ndcg10: 0 },
    ranks: new Int32Array(users.length).fill(rank),
    controls: part.controls,
  }) as unknown as FinishedCell;

const rival = (name: string, rank: number) => {
  const ranks = new Int32Array(users.length).fill(rank);
  return { name, ranks: { validation: ranks, test: ranks } };
};

describe('Function: concludeExperiment', () => {
  it('sets every model beside the best rival, the first, the first of its kind and its controls, each once', () => {
    const cells = [
      finished('ce', 1, { objective: 'supervised' }),
      finished('snqn', 2),
      finished('snqn:all', 1),
      finished('snqn:all, states-permuted', 3, { controls: 'snqn:all' }),
    ];

    const { grid } = concludeExperiment(
      cells,
      [rival('popularity', 9), rival('rules', 2)],
      users,
      undefined,
    );

    expect(grid.map(({ a, b }) => `${a} less ${b}`)).toEqual([
      ...['ce less rules', 'snqn less rules', 'snqn:all less rules'],
      ...['snqn less ce', 'snqn:all less ce'],
      'snqn:all less snqn',
      'snqn:all less snqn:all, states-permuted',
    ]);
  });
});

describe('Function: trendOf', () => {
  it('cuts the test cases by time into parts of equal size', () => {
    // Arrange: ranks are 1 in the older half and none in the newer one, whatever the order of the cases
    const times = Float64Array.from(users, (_, at) => 1e9 + ((at * 7) % 400) * 60);
    const ranks = Int32Array.from(times, (time) => (time < 1e9 + 200 * 60 ? 1 : 0));
    const model = { ...finished('snqn', 1), ranks };

    const trend = trendOf([model], [rival('rules', 1)], { test: { times } as never });

    expect(trend.map(({ cases }) => cases)).toEqual([100, 100, 100, 100]);
    expect(trend.map(({ from }) => from)).toEqual([0, 100, 200, 300].map((at) => 1e9 + at * 60));
    const ndcgOf = (name: string) =>
      trend.map(({ rankers }) => rankers.find((own) => own.name === name)!.ndcg10);
    expect(ndcgOf('snqn')).toEqual([1, 1, 0, 0]);
    expect(ndcgOf('rules')).toEqual([1, 1, 1, 1]);
  });

  it('says nothing of few cases', () => {
    expect(trendOf([], [], { test: { times: new Float64Array(199) } as never })).toEqual([]);
  });
});

describe('Function: strataOfCases', () => {
  const cases = casesOf([
    { user: 'a', history: [2, 1], target: 1 },
    { user: 'b', history: [2, 3], target: 3 },
    { user: 'c', history: [1], target: 2 },
  ]);
  const events = {
    items: Int32Array.of(1, 2, 1, 3),
    times: Float64Array.from(
      ['2025-01-01', '2025-06-30T23:00Z', '2025-07-02', '2025-07-03'],
      (day) => Date.parse(day) / 1000,
    ),
    isHeldOut: new Uint8Array(4),
  };
  const training = { itemCounts: Int32Array.of(3, 2, 1), users: new Set<string>() };
  const named = (by: string, baseModelDate?: string) =>
    strataOfCases(cases, training, events, baseModelDate)
      .filter((own) => own.by === by)
      .map(({ name, indices }) => [name, ...indices]);

  it('tells cases of items that were taken before', () => {
    expect(named('repeat')).toEqual([
      ['taken before', 0, 1],
      ['first time', 2],
    ]);
  });

  it('tells items that were first taken after the last day that a base model has read', () => {
    expect(named('base model', '2025-06-30')).toEqual([
      ['items since 2025-06-30', 1],
      ['older items', 0, 2],
    ]);
    expect(named('base model', '2025-06-29')).toEqual([
      ['items since 2025-06-29', 1, 2],
      ['older items', 0],
    ]);
    expect(named('base model', '2026-01-01')).toEqual([]);
    expect(named('base model')).toEqual([]);
  });
});
