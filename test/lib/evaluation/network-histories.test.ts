import { describe, expect, it } from 'vitest';
import { type PriorConfig, priorConfig } from '#lib/contracts/config/training.ts';
import { forItems, historiesOf, networkHistories } from '#lib/evaluation/network-histories.ts';
import { pairScorer, repeatLast } from '#lib/evaluation/rivals/pair-scorer.ts';
import { casesOf } from '../sequences/cases.ts';
import { dataOf } from './rivals/rows.ts';

/** After item 1 comes item 2; of three items. */
const rules = pairScorer(
  'sequential-rules',
  {
    offsets: Int32Array.of(0, 0, 1, 1, 1),
    items: Int32Array.of(2),
    strengths: Float32Array.of(0.5),
  },
  { decay: 0.6, baskets: 0 },
);
/** Neighbours of a log without a single pair. */
const nothing = pairScorer(
  'item-knn',
  { offsets: new Int32Array(5), items: new Int32Array(0), strengths: new Float32Array(0) },
  { decay: 0.6, baskets: 0 },
);
const trainingCounts = Int32Array.of(3, 2, 1);
const training = { scorers: [rules, nothing, repeatLast], trainingCounts };
const beforeTest = {
  scorers: [repeatLast, nothing, rules],
  trainingCounts: Int32Array.of(4, 3, 2),
};
const priorOf = (...histories: string[]) => priorConfig.parse({ histories });

describe('Function: networkHistories', () => {
  const data = dataOf(
    [
      [1, 2, 3],
      [1, 2],
    ],
    3,
  );
  const validation = casesOf([{ history: [1], target: 2 }]);
  const kindsOf = (prior: PriorConfig | undefined) =>
    networkHistories(data, validation, false, prior)?.scorers.map(({ kind }) => kind);

  it('fits what a network is to be joined with, if it is to be joined with something', () => {
    const found = networkHistories(data, validation, false, priorOf('sequential-rules'))!;

    expect(found.trainingCounts).toEqual(Int32Array.of(2, 2, 1));
    expect(kindsOf(priorOf('sequential-rules', 'item-knn'))).toEqual([
      'sequential-rules',
      'item-knn',
    ]);
    expect(kindsOf(priorOf())).toBeUndefined();
    expect(kindsOf(undefined)).toBeUndefined();
  });
});

describe('Function: historiesOf', () => {
  it('takes what a network is to be joined with, if it has something to say', () => {
    const prior = priorOf('sequential-rules', 'item-knn');

    expect(historiesOf({ training }, prior)).toEqual({
      training: { scorers: [rules], trainingCounts },
    });
    expect(historiesOf({ training, beforeTest }, prior)).toEqual({
      training: { scorers: [rules], trainingCounts },
      beforeTest: { scorers: [rules], trainingCounts: beforeTest.trainingCounts },
    });
  });

  it('takes what needs no pairs', () => {
    expect(historiesOf({ training }, priorOf('repeat-last'))).toEqual({
      training: { scorers: [repeatLast], trainingCounts },
    });
  });

  it('is nothing where all of it has nothing to say', () => {
    expect(historiesOf({ training, beforeTest }, priorOf('item-knn'))).toEqual({});
  });
});

describe('Function: forItems', () => {
  it('leaves as they are those of as many items', () => {
    expect(forItems(training, 3).scorers).toBe(training.scorers);
  });

  it('knows nothing of items that come after', () => {
    const { scorers, trainingCounts: counts } = forItems(
      { ...training, scorers: [rules, repeatLast] },
      5,
    );

    expect([...counts]).toEqual([3, 2, 1, 0, 0]);
    expect(scorers.map(({ kind }) => kind)).toEqual(['sequential-rules', 'repeat-last']);
    expect([...scorers[0]!.arrays.offsets!]).toEqual([0, 0, 1, 1, 1, 1, 1]);
    expect(scorers[0]!.arrays.items).toEqual(rules.arrays.items);
    expect(scorers[0]!.parameters).toEqual(rules.parameters);
  });
});
