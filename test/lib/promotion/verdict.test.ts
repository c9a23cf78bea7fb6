import { describe, expect, it } from 'vitest';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import { comparisonOf, decide, verdictFile } from '#lib/promotion/verdict.ts';
import { comparison, evaluationOf } from './evaluations.ts';

const config = (settings: Record<string, unknown> = {}) => promotionConfig.parse(settings);

describe('Function: decide', () => {
  it('promotes a winner that is above every baseline and the champion', () => {
    // Act
    const verdict = decide(evaluationOf(), config());

    // Assess
    expect(verdictFile.parse(verdict)).toEqual(verdict);
    expect(verdict).toMatchObject({ winner: 'new', promoted: true });
    expect(verdict.reasons).toEqual([
      'new is the best of 2 models on the validation cases (validation NDCG@10 0.2000).',
      'new is better than the baseline popularity beyond doubt: test NDCG@10 differs by +0.0500 (95 % interval +0.0300 to +0.0700).',
      'new is better than the champion sasrec of run yesterday beyond doubt: test NDCG@10 differs by +0.0100 (95 % interval +0.0010 to +0.0200).',
      'new becomes the champion.',
    ]);
  });

  it('chooses the winner by validation alone, whatever the test says', () => {
    // Arrange: `other` is better on the test cases.
    const evaluation = evaluationOf({
      validation: { new: 0.2, other: 0.19 },
      test: { other: 0.5 },
    });

    // Act and assess
    expect(decide(evaluation, config()).winner).toBe('new');
    const turned = evaluationOf({ validation: { new: 0.2, other: 0.21 } });
    expect(decide(turned, config()).winner).toBe('other');
    const tied = evaluationOf({ validation: { new: 0.2, other: 0.2 } });
    expect(decide(tied, config()).winner).toBe('new');
  });

  it.each([
    ['touches 0', 0],
    ['lies around 0', -0.002],
    ['lies below 0', -0.02],
  ])('keeps the champion when the interval %s', (_, low) => {
    // Arrange
    const evaluation = evaluationOf({ champion: { difference: 0.004, low, high: 0.01 } });

    // Act
    const verdict = decide(evaluation, config());

    // Assess
    expect(verdict.promoted).toBe(false);
    expect(verdict.reasons.join('\n')).toContain(
      'new is not better than the champion sasrec of run yesterday beyond doubt',
    );
    expect(verdict.reasons.at(-1)).toBe('The champion, if any, stays as it is.');
  });

  it('wants the winner above the baselines even without a champion', () => {
    // Arrange
    const worse = evaluationOf({
      champion: null,
      baseline: { difference: 0.001, low: -0.01, high: 0.012 },
    });

    // Act
    const verdict = decide(worse, config());

    // Assess
    expect(verdict.promoted).toBe(false);
    expect(verdict.reasons).toContain('There is no champion to compare with yet.');
    expect(decide(evaluationOf({ champion: null }), config()).promoted).toBe(true);
  });

  it('asks for the gain that is configured', () => {
    // Arrange: 0.001 is the lower end of the difference to the champion.
    const evaluation = evaluationOf();

    // Act and assess
    expect(decide(evaluation, config({ minimumGain: 0.0009 })).promoted).toBe(true);
    const verdict = decide(evaluation, config({ minimumGain: 0.001 }));
    expect(verdict.promoted).toBe(false);
    expect(verdict.reasons.join('\n')).toContain('by more than 0.001');
  });

  it('asks for enough test cases', () => {
    // Act
    const verdict = decide(evaluationOf(), config({ minimumTestCases: 1001 }));

    // Assess
    expect(verdict.promoted).toBe(false);
    expect(verdict.reasons).toContain(
      'There are 1000 test cases, at least 1001 are needed for a verdict.',
    );
  });

  it.each<[string, Partial<Evaluation>]>([
    ['no models', { models: [] }],
    ['no comparison with the baseline', { comparisons: [] }],
  ])('refuses an evaluation with %s', (_, change) => {
    expect(() => decide({ ...evaluationOf(), ...change }, config())).toThrow(ContractError);
  });
});

describe('Function: comparisonOf', () => {
  it('turns a comparison round', () => {
    // Arrange
    const evaluation = {
      ...evaluationOf(),
      comparisons: [comparison('x', 'y', { difference: 0.01, low: -0.02, high: 0.04 })],
    };

    // Act
    const turned = comparisonOf(evaluation, 'y', 'x');

    // Assess
    expect(turned).toMatchObject({ a: 'y', b: 'x', difference: -0.01, low: -0.04, high: 0.02 });
  });
});
