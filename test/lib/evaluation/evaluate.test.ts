import { describe, expect, it } from 'vitest';
import { evaluationConfig } from '#lib/contracts/config/promotion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { type EvaluationInput, evaluate } from '#lib/evaluation/evaluate.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import { casesOf } from '../sequences/cases.ts';

/** Cases of the given users. */
const casesOfUsers = (users: readonly string[]) =>
  casesOf(users.map((user) => ({ user, history: [2], target: 1 })));

const users = Array.from({ length: 60 }, (_, index) => `u${Math.floor(index / 2)}`);
const cases = { validation: casesOfUsers(['u', 'v']), test: casesOfUsers(users) };
const ranksOf = (rank: (index: number) => number) => ({
  validation: Int32Array.of(1, 2),
  test: Int32Array.from(users, (_, index) => rank(index)),
});

const input: EvaluationInput = {
  cases,
  models: [
    {
      name: 'good',
      backbone: 'sasrec',
      objective: 'snqn',
      recipe: 'r1',
      ranks: ranksOf((index) => 1 + (index % 3)),
    },
    {
      name: 'fair',
      backbone: 'gru4rec',
      objective: 'sqn',
      recipe: 'r2',
      ranks: ranksOf((index) => 4 + (index % 3)),
    },
  ],
  baselines: [{ name: 'popularity', ranks: ranksOf((index) => (index % 4 === 0 ? 9 : 0)) }],
  champion: { run: 'last', name: 'old', ranks: { test: ranksOf((index) => 2 + (index % 3)).test } },
  config: evaluationConfig.parse({ cutoffs: [5], bootstrapSamples: 200 }),
};

describe('Function: evaluate', () => {
  const evaluation = evaluate(input);

  it('follows the contract, through JSON too', () => {
    expect(evaluationFile.parse(JSON.parse(JSON.stringify(evaluation)))).toEqual(evaluation);
  });

  it('gives the metrics of hand, always those at 10 too', () => {
    // Assess: ranks 1, 2, 3 in turn; 9 in every fourth case.
    const [good] = evaluation.models;
    const [popularity] = evaluation.baselines;
    expect(Object.keys(good!.metrics)).toEqual([
      'hr@5',
      'ndcg@5',
      'mrr@5',
      'hr@10',
      'ndcg@10',
      'mrr@10',
    ]);
    expect(good!.metrics['ndcg@10']!.value).toBeCloseTo((1 + 1 / Math.log2(3) + 1 / 2) / 3, 12);
    expect(good!.metrics['mrr@5']!.value).toBeCloseTo((1 + 1 / 2 + 1 / 3) / 3, 12);
    expect(popularity!.metrics['hr@10']!.value).toBe(1 / 4);
    expect(popularity!.metrics['hr@5']!.value).toBe(0);
    expect(good!.validation['ndcg@10']!.value).toBeCloseTo((1 + 1 / Math.log2(3)) / 2, 12);
    expect(evaluation).toMatchObject({
      cases: 60,
      users: 30,
      validationCases: 2,
      confidence: 0.95,
    });
  });

  it('puts every value into its interval', () => {
    for (const { metrics } of [
      ...evaluation.models,
      ...evaluation.baselines,
      evaluation.champion!,
    ]) {
      for (const { value, low, high } of Object.values(metrics)) {
        expect(low).toBeLessThanOrEqual(value + 1e-12);
        expect(high).toBeGreaterThanOrEqual(value - 1e-12);
      }
    }
  });

  it('compares everybody with everybody', () => {
    // Act
    const pairs = evaluation.comparisons
      .filter(({ metric }) => metric === 'ndcg@10')
      .map(({ a, b }) => `${a} ${b}`);

    // Assess
    expect(pairs).toEqual([
      'good fair',
      'good popularity',
      'good champion',
      'fair popularity',
      'fair champion',
      'popularity champion',
    ]);
    const [first] = evaluation.comparisons;
    const [good, fair] = evaluation.models;
    expect(first!.difference).toBeCloseTo(
      good!.metrics['ndcg@10']!.value - fair!.metrics['ndcg@10']!.value,
      12,
    );
    expect(first!.low).toBeGreaterThan(0);
    expect(first!.pValue).toBe(1 / 201);
  });

  it('is the same every time', () => {
    expect(evaluate(input)).toEqual(evaluation);
  });

  it('leaves the champion out where there is none', () => {
    // Act
    const without = evaluate({ ...input, champion: undefined });

    // Assess
    expect('champion' in without).toBe(false);
    expect(without.comparisons.some(({ b }) => b === 'champion')).toBe(false);
  });

  it.each<[string, Partial<EvaluationInput>, string]>([
    [
      'ranks of other cases',
      {
        baselines: [
          { name: 'short', ranks: { ...input.baselines[0]!.ranks, test: new Int32Array(3) } },
        ],
      },
      'short ranked 3 cases, but there are 60',
    ],
    [
      'a model called like a baseline',
      { models: [{ ...input.models[0]!, name: 'popularity' }] },
      'Two rankers are called "popularity"',
    ],
    ['no cases', { cases: { ...cases, validation: casesOf([]) } }, 'no cases to evaluate on'],
  ])('refuses %s', (_, change, message) => {
    expect(() => evaluate({ ...input, ...change })).toThrow(ContractError);
    expect(() => evaluate({ ...input, ...change })).toThrow(message);
  });
});

describe('Function: evaluate, what it says of whom', () => {
  const complexity = { environment: false, network: true, components: 2 };
  const parts = [{ added: 'rules', hr10: 0.2, ndcg10: 0.1 }];
  const [good, fair] = input.models;
  const [popularity] = input.baselines;
  const told: EvaluationInput = {
    ...input,
    models: [
      { ...good!, complexity, parts },
      { ...fair!, parts: [] },
    ],
    baselines: [
      {
        ...popularity!,
        name: 'rules',
        recipe: 'r3',
        complexity: { ...complexity, network: false },
      },
      popularity!,
    ],
    champion: { ...input.champion!, recipe: 'r0' },
  };
  const keysOf = (value: object) => Object.keys(value).toSorted();

  it('passes on what a ranker is made of, where that is known', () => {
    const { models, baselines, champion } = evaluate(told);

    expect(models[0]).toMatchObject({ complexity, parts, recipe: 'r1', objective: 'snqn' });
    expect(keysOf(models[1]!)).toEqual([
      'backbone',
      'metrics',
      'name',
      'objective',
      'recipe',
      'validation',
    ]);
    expect(baselines[0]).toMatchObject({ recipe: 'r3', complexity: { network: false } });
    expect(keysOf(baselines[1]!)).toEqual(['metrics', 'name', 'validation']);
    expect(champion).toMatchObject({ run: 'last', name: 'old', recipe: 'r0' });
    expect(keysOf(evaluate(input).champion!)).toEqual(['metrics', 'name', 'run']);
  });

  it('chooses from those alone who could be served', () => {
    const { validationGaps } = evaluate(told);

    expect(validationGaps!.map(({ name }) => name)).toEqual(['good', 'fair', 'rules']);
  });

  describe('with what training saw', () => {
    const plain = Array.from({ length: 240 }, (_, index) => ({
      user: `u${index % 60}`,
      history: index % 2 === 0 ? [2] : [2, 3],
      target: 1 + (index % 2),
      reward: index % 2 === 0 ? 1 : 0.5,
    }));
    const rewarded = casesOf(plain);
    const alike = casesOf(plain.map((one) => ({ ...one, reward: 1 })));
    const ranks = (rank: number) => ({
      validation: new Int32Array(plain.length).fill(rank),
      test: new Int32Array(plain.length).fill(rank),
    });
    const lists = { items: new Int32Array(plain.length).fill(1), listLength: 1 };
    const training = { itemCounts: Int32Array.of(3, 2, 1), users: new Set(['u1']) };
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const known: EvaluationInput = {
      ...input,
      cases: { validation: rewarded, test: rewarded },
      models: names.map((name, at) => ({
        ...good!,
        name,
        ranks: ranks(1 + at),
        ...(at === 2 && { lists }),
      })),
      baselines: [{ name: 'rival', ranks: ranks(9), lists }],
      champion: undefined,
      training,
    };

    it('counts rewards where there are several', () => {
      const metricsOf = (some: Partial<EvaluationInput>) =>
        Object.keys(evaluate({ ...known, ...some }).models[0]!.metrics);

      expect(metricsOf({})).toContain('reward@10');
      expect(metricsOf({ training: undefined })).not.toContain('reward@10');
      expect(metricsOf({ cases: { validation: alike, test: alike } })).not.toContain('reward@10');
    });

    it('divides cases, and compares in each part those that are best on validation', () => {
      const { strata } = evaluate(known);

      const [first] = strata!;
      expect(first!.rankers.map(({ name }) => name)).toEqual([...names, 'rival']);
      const compared = new Set(first!.differences.flatMap(({ a, b }) => [a, b]));
      expect([...compared]).toEqual(['a', 'b', 'c', 'd', 'e']);
    });

    it('says what is shown by those whose lists were kept', () => {
      expect(evaluate(known).lists!.map(({ name }) => name)).toEqual(['c', 'rival']);
    });

    it('says neither without it', () => {
      const keys = Object.keys(evaluate({ ...known, training: undefined }));

      expect(keys).not.toContain('strata');
      expect(keys).not.toContain('lists');
    });
  });
});
