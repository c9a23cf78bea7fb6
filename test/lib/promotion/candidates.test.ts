import { describe, expect, it } from 'vitest';
import { ContractError } from '#lib/contracts/errors.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import {
  bestOf,
  candidatesOf,
  comparisonOf,
  describeRanker,
  rivalsAhead,
  simplerIn,
  simplestTied,
} from '#lib/promotion/candidates.ts';
import { comparison, evaluationOf, worse } from './evaluations.ts';

const named = (candidates: readonly { readonly name: string }[]) =>
  candidates.map(({ name }) => name);

/** With a second rival, `rules`, that is like the first. */
function twoRivals(comparisons: Evaluation['comparisons'] = []): Evaluation {
  const evaluation = evaluationOf();
  const [popularity] = evaluation.baselines;
  return {
    ...evaluation,
    baselines: [popularity!, { ...popularity!, name: 'rules' }],
    comparisons: [...comparisons, ...evaluation.comparisons],
  };
}

describe('Function: candidatesOf', () => {
  it('names models and rivals with their validation metric', () => {
    expect(candidatesOf(evaluationOf())).toMatchObject([
      { name: 'new', kind: 'model', recipe: 'new', validation: 0.2 },
      { name: 'other', kind: 'model', recipe: 'other', validation: 0.1 },
      { name: 'popularity', kind: 'rival', recipe: 'popularity', validation: 0.1 },
    ]);
  });

  it('leaves out who has no files to be served', () => {
    // Arrange
    const evaluation = evaluationOf();
    const { recipe: _, ...unserved } = evaluation.baselines[0]!;

    // Act
    const candidates = candidatesOf({ ...evaluation, baselines: [unserved] });

    // Assess
    expect(named(candidates)).toEqual(['new', 'other']);
  });

  it('refuses an evaluation without anybody, and one without a validation metric', () => {
    const evaluation = evaluationOf();
    const [model] = evaluation.models;
    expect(() => candidatesOf({ ...evaluation, models: [], baselines: [] })).toThrow(
      new ContractError('The evaluation has no model to choose from.'),
    );
    expect(() => candidatesOf({ ...evaluation, models: [{ ...model!, validation: {} }] })).toThrow(
      new ContractError('The evaluation of new has no validation metric "ndcg@10".'),
    );
  });
});

describe('Function: bestOf', () => {
  it('is the first of the best, and nobody of nobody', () => {
    const [model, other, rival] = candidatesOf(
      evaluationOf({ validation: { new: 0.1, other: 0.3, popularity: 0.3 } }),
    );
    expect(bestOf([model!, other!, rival!])?.name).toBe('other');
    expect(bestOf([rival!, other!])?.name).toBe('popularity');
    expect(bestOf([])).toBeUndefined();
  });
});

describe('Function: simplestTied', () => {
  const made = (environment: boolean, network: boolean, components: number) => {
    return { complexity: { environment, network, components } };
  };
  const evaluationWith = (
    gaps: Partial<Record<'new' | 'other' | 'popularity', number>>,
    other = made(false, true, 7),
  ) => {
    const { models, baselines, ...rest } = evaluationOf({
      validation: { new: 0.2, other: 0.199, popularity: 0.198 },
    });
    return {
      ...rest,
      models: [
        { ...models[0]!, ...made(true, true, 7) },
        { ...models[1]!, ...other },
      ],
      baselines: [{ ...baselines[0]!, ...made(false, false, 1) }],
      validationGaps: Object.entries({ new: 0, ...gaps }).map(([name, behind]) => ({
        name,
        behind,
        standardError: 0.002,
      })),
    };
  };
  const tiedIn = (evaluation: Parameters<typeof candidatesOf>[0]) => {
    const candidates = candidatesOf(evaluation);
    const tied = simplestTied(evaluation, bestOf(candidates)!, candidates);
    return (
      tied && { name: tied.candidate.name, why: simplerIn(tied.candidate, bestOf(candidates)!) }
    );
  };

  it.each([
    ['one standard error', 0.002, 0.002, 'popularity', 'it needs no language model'],
    ['more', 0.002, 0.0021, 'other', 'it needs no language model'],
    ['more, all', 0.0021, 0.0021, undefined, undefined],
  ])('asks how far behind the simpler ones are: %s', (_, other, popularity, name, why) => {
    expect(tiedIn(evaluationWith({ other, popularity }))).toEqual(name && { name, why });
  });

  it('counts parts where all else is alike, and prefers nobody that has as many', () => {
    expect(tiedIn(evaluationWith({ other: 0.001 }, made(true, true, 2)))).toEqual({
      name: 'other',
      why: 'it has 2 parts instead of 7',
    });
    expect(tiedIn(evaluationWith({ other: 0.001 }, made(true, true, 7)))).toBeUndefined();
    expect(tiedIn(evaluationWith({ other: 0.001 }, made(true, true, 8)))).toBeUndefined();
  });

  it('prefers what counts to what is trained, and the better of two that are made alike', () => {
    const { models, ...rest } = evaluationWith({ other: 0.001, popularity: 0.001 });
    const trained = { ...rest, models: [{ ...models[0]!, ...made(false, true, 1) }, models[1]!] };
    expect(tiedIn(trained)).toEqual({ name: 'popularity', why: 'it needs no training' });
    const alike = evaluationWith({ other: 0.001, popularity: 0.002 }, made(false, false, 1));
    expect(tiedIn(alike)?.name).toBe('other');
  });

  it('knows no ties of runs of earlier releases', () => {
    const { validationGaps: _, ...older } = evaluationWith({ other: 0, popularity: 0 });
    expect(tiedIn(older)).toBeUndefined();
    const unknown = evaluationWith({ other: 0 });
    expect(tiedIn({ ...unknown, models: evaluationOf().models, baselines: [] })).toBeUndefined();
    const [first, second] = unknown.models;
    const [bare, otherBare] = evaluationOf().models;

    const without = (bareOne: typeof bare, like: typeof first) => ({
      ...bareOne!,
      validation: like!.validation,
    });
    for (const models of [
      [without(bare, first), second!],
      [first!, without(otherBare, second)],
    ]) {
      expect(tiedIn({ ...unknown, models, baselines: [] })).toBeUndefined();
    }
  });
});

describe('Function: rivalsAhead', () => {
  it('are those that the test cases show to be better, never the candidate itself', () => {
    // Arrange
    const evaluation = twoRivals([
      comparison('new', 'rules', { difference: -0.001, low: -0.01, high: 0.01 }),
      comparison('popularity', 'rules', worse),
    ]);
    const candidates = candidatesOf(evaluation);
    const [model, , popularity] = candidates;

    // Act and assess
    expect(named(rivalsAhead(evaluation, model!, candidates))).toEqual([]);
    expect(named(rivalsAhead(evaluation, popularity!, candidates))).toEqual(['rules']);
  });

  it('are no trained models', () => {
    const evaluation = evaluationOf({ between: worse });
    const candidates = candidatesOf(evaluation);
    expect(rivalsAhead(evaluation, candidates[0]!, candidates)).toEqual([]);
  });
});

describe('Function: comparisonOf', () => {
  const evaluation = {
    ...evaluationOf(),
    comparisons: [
      { ...comparison('x', 'y', { difference: 0.5, low: 0.4, high: 0.6 }), metric: 'hr@10' },
      comparison('x', 'z', { difference: 0.3, low: 0.2, high: 0.4 }),
      comparison('z', 'y', { difference: 0.7, low: 0.6, high: 0.8 }),
      comparison('x', 'y', { difference: 0.01, low: -0.02, high: 0.04 }),
    ],
  };

  it('finds the two among others, by the primary metric', () => {
    expect(comparisonOf(evaluation, 'x', 'y')).toBe(evaluation.comparisons[3]);
  });

  it('turns a comparison round', () => {
    expect(comparisonOf(evaluation, 'y', 'x')).toMatchObject({
      ...{ a: 'y', b: 'x', metric: 'ndcg@10' },
      ...{ difference: -0.01, low: -0.04, high: 0.02 },
    });
  });

  it('says which one is missing', () => {
    expect(() => comparisonOf(evaluation, 'y', 'nobody')).toThrow(
      new ContractError('The evaluation has no comparison of "y" with "nobody".'),
    );
  });
});

describe('Function: describeRanker', () => {
  it('says what a ranker is', () => {
    const evaluation = twoRivals();
    expect(describeRanker(evaluation, 'champion')).toBe('the champion sasrec of run yesterday');
    expect(describeRanker(evaluation, 'rules')).toBe('the rival rules');
    expect(describeRanker(evaluation, 'new')).toBe('new');
    expect(describeRanker(evaluationOf({ champion: null }), 'champion')).toBe('champion');
  });
});
