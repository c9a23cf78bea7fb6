import { describe, expect, it } from 'vitest';
import { evaluationConfig } from '#lib/contracts/config/promotion.ts';
import { evaluate } from '#lib/evaluation/evaluate.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { assessStrata, stratify } from '#lib/evaluation/strata.ts';
import { casesOf } from '../sequences/cases.ts';

const config = evaluationConfig.parse({ bootstrapSamples: 200 });
/** Half of all actions on item 1, a third on 2, the rest on 3; nobody took 4. */
const itemCounts = Int32Array.of(60, 40, 20, 0);

describe('Function: stratify', () => {
  const cases = casesOf([
    { user: 'a', history: [2], target: 1, eventType: 'view' },
    { user: 'a', history: [2, 3], target: 2, eventType: 'view' },
    { user: 'b', history: [1, 2, 3, 1], target: 3, eventType: 'purchase' },
    { user: 'c', history: [1, 1, 1, 1, 1], target: 4, eventType: 'view' },
    { user: 'c', history: new Array(20).fill(1), target: 2, eventType: 'view' },
  ]);
  const groups = stratify(cases, { itemCounts, users: new Set(['a', 'b']) });

  it('divides all cases four ways', () => {
    expect(groups.map(({ by, name, indices }) => [by, name, ...indices])).toEqual([
      ['history', '1 action', 0],
      ['history', '2 to 4 actions', 1, 2],
      ['history', '5 to 19 actions', 3],
      ['history', '20 actions or more', 4],
      ['item', 'head', 0],
      ['item', 'middle', 1, 4],
      ['item', 'tail', 2],
      ['item', 'cold', 3],
      ['user', 'trained on', 0, 1, 2],
      ['user', 'new', 3, 4],
      ['event', 'view', 0, 1, 3, 4],
      ['event', 'purchase', 2],
    ]);
  });

  it('counts items from the most popular down: the head ends with half of all actions, the middle with four fifths', () => {
    // Shares 0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1; the first is numbered last.
    const counts = Int32Array.of(10, 10, 10, 10, 10, 10, 40, 0);
    const each = casesOf(
      Array.from({ length: 8 }, (_, at) => ({ user: 'a', history: [1], target: at + 1 })),
    );

    const byItem = stratify(each, { itemCounts: counts, users: new Set() });

    expect(byItem.map(({ by, name, indices }) => [by, name, ...indices])).toEqual([
      ['item', 'head', 0, 6],
      ['item', 'middle', 1, 2, 3],
      ['item', 'tail', 4, 5],
      ['item', 'cold', 7],
    ]);
  });

  it('has the six commonest types of events, the commonest first, equals by name', () => {
    const types = [...'hdfgcbea', 'b', 'h', 'h'];
    const each = casesOf(
      types.map((eventType) => ({ user: 'a', history: [1], target: 1, eventType })),
    );

    const byEvent = stratify(each, { itemCounts, users: new Set() });

    expect(byEvent.map(({ name, indices }) => [name, ...indices])).toEqual([
      ['h', 0, 9, 10],
      ['b', 5, 8],
      ['a', 7],
      ['c', 4],
      ['d', 1],
      ['e', 6],
    ]);
  });

  it('leaves out a way that divides nothing', () => {
    const alike = casesOf([
      { user: 'a', history: [2], target: 1 },
      { user: 'b', history: [3], target: 1 },
    ]);
    expect(stratify(alike, { itemCounts, users: new Set(['a', 'b']) })).toEqual([]);
  });
});

describe('Function: assessStrata', () => {
  const users = Array.from({ length: 400 }, (_, index) => `u${Math.floor(index / 2)}`);
  const even = Array.from(users.keys()).filter((index) => index % 2 === 0);
  const few = even.slice(0, 99);
  /** `good` finds the target first in even cases alone, `bad` third everywhere. */
  const rankers = [
    { name: 'good', ranks: Int32Array.from(users, (_, index) => (index % 2 === 0 ? 1 : 0)) },
    { name: 'bad', ranks: new Int32Array(users.length).fill(3) },
  ];
  const validation = new Map([
    ['good', 0.5],
    ['bad', 0.4],
  ]);
  const odd = Array.from(users.keys()).filter((index) => index % 2 === 1);
  const [first, second, third] = assessStrata(
    users,
    [
      { by: 'history', name: 'even', indices: even },
      { by: 'history', name: 'odd', indices: odd },
      { by: 'history', name: 'few', indices: few },
    ],
    rankers,
    validation,
    config,
  );

  it('knows in whose cases a ranker is better', () => {
    expect(first).toMatchObject({ cases: 200, users: 200 });
    expect(first!.rankers[0]!.metrics).toEqual({
      'hr@10': { value: 1, low: 1, high: 1 },
      'ndcg@10': { value: 1, low: 1, high: 1 },
    });
    expect(first!.differences).toEqual([
      { a: 'good', b: 'bad', difference: 0.5, low: 0.5, high: 0.5 },
    ]);
    expect(second!.differences[0]!.high).toBeLessThan(0);
  });

  it('says nothing of too few cases', () => {
    expect(third).toMatchObject({ cases: 99, users: 99, rankers: [], differences: [] });
  });

  it.each([
    [100, 30, true],
    [100, 29, false],
    [99, 30, false],
  ])('of %i cases of %i users says something: %s', (count, people, isSaid) => {
    const own = Array.from({ length: count }, (_, at) => `u${at % people}`);
    const [only] = assessStrata(
      own,
      [{ by: 'item', name: 'head', indices: [...own.keys()] }],
      [{ name: 'good', ranks: new Int32Array(count).fill(1) }],
      new Map([['good', 1]]),
      config,
    );

    expect(only).toMatchObject({ by: 'item', name: 'head', cases: count, users: people });
    expect(only!.rankers.map(({ name, metrics }) => [name, ...Object.keys(metrics)])).toEqual(
      isSaid ? [['good', 'hr@10', 'ndcg@10']] : [],
    );
  });

  it('compares the five that are best on validation and the champion, and tells of all', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'champion'];
    const ranked = names.map((name, at) => ({
      name,
      ranks: new Int32Array(users.length).fill(1 + at),
    }));
    const best = new Map(names.slice(0, 6).map((name, at) => [name, at / 10]));

    const [only] = assessStrata(
      users,
      [{ by: 'user', name: 'new', indices: [...users.keys()] }],
      ranked,
      best,
      config,
    );

    expect(only!.rankers.map(({ name }) => name)).toEqual(names);
    const pairs = only!.differences.map(({ a, b }) => a + b);
    expect(pairs).toHaveLength(15);
    expect(new Set(only!.differences.flatMap(({ a, b }) => [a, b]))).toEqual(
      new Set(['b', 'c', 'd', 'e', 'f', 'champion']),
    );
    expect(pairs[0]).toBe('bc');
  });
});

describe('Function: evaluate, with what training saw', () => {
  const plain = Array.from({ length: 300 }, (_, index) => ({
    user: `u${index % 150}`,
    history: index % 2 === 0 ? [2] : [2, 3, 3],
    target: 1 + (index % 4),
    reward: index % 3 === 0 ? 1 : 0.25,
  }));
  const cases = { validation: casesOf(plain), test: casesOf(plain) };
  const ranks = Int32Array.from(plain, (_, index) => (index % 3 === 0 ? 10 : 11));
  const lists = Int32Array.from({ length: plain.length * 2 }, (_, at) => 1 + (at % 2));
  const evaluation = evaluate({
    cases,
    models: [],
    baselines: [
      {
        name: 'one',
        ranks: { validation: ranks, test: ranks },
        lists: { items: lists, listLength: 2 },
      },
      { name: 'other', ranks: { validation: ranks, test: ranks } },
    ],
    training: { itemCounts, users: new Set(['u1']) },
    config,
  });

  it('follows the contract', () => {
    expect(evaluationFile.parse(JSON.parse(JSON.stringify(evaluation)))).toEqual(evaluation);
    expect(evaluation.strata!.length).toBe(2 + 4 + 2);
    expect(evaluation.lists!.map(({ name }) => name)).toEqual(['one']);
  });

  it('counts the reward of what is in the list', () => {
    // Every third case is in the list, and those have reward 1.
    expect(evaluation.baselines[0]!.metrics['reward@10']!.value).toBeCloseTo(1 / 3, 12);
  });
});
