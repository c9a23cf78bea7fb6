import { describe, expect, it } from 'vitest';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import { candidatesOf } from '#lib/promotion/candidates.ts';
import { diagnose } from '#lib/promotion/diagnosis.ts';
import { comparison, type Difference, evaluationOf } from './evaluations.ts';

/** An evaluation in which `new` is compared with rivals of these names, all as good on validation unless told. */
function against(
  rivals: Readonly<Record<string, Difference & { readonly validation?: number }>>,
): Evaluation {
  const evaluation = evaluationOf({ validation: { new: 0.2 } });
  const [rival] = evaluation.baselines;
  const at = (value: number) => ({ 'ndcg@10': { value, low: value, high: value } });
  return {
    ...evaluation,
    baselines: Object.entries(rivals).map(([name, { validation = 0.2 }]) => ({
      ...rival!,
      name,
      validation: at(validation),
    })),
    comparisons: Object.entries(rivals).map(([name, difference]) =>
      comparison('new', name, difference),
    ),
  };
}

const behind = (by: number): Difference => ({ difference: -by, low: -by - 0.01, high: -0.001 });
const level: Difference = { difference: 0, low: -0.01, high: 0.01 };
const said = (evaluation: Evaluation) => diagnose(evaluation, candidatesOf(evaluation));

describe('Function: diagnose', () => {
  it('says nothing of rivals that are not ahead', () => {
    expect(said(against({ popularity: level }))).toEqual([]);
  });

  it('says nothing where there is no trained model', () => {
    expect(said({ ...against({ popularity: behind(0.02) }), models: [] })).toEqual([]);
  });

  it.each([
    ['recent-popularity', 'give it the recent counts'],
    ['repeat-last', 'look at sequences.excludeHistory'],
    ['popularity', 'there are too few actions for each item'],
    ['sequential-rules', 'counting what follows what is enough'],
    ['item-knn', 'What is taken together matters more than the order'],
    ['ease', 'What is taken together matters more than the order'],
  ])('says what it means to be behind %s on the test cases', (name, meaning) => {
    const [text, ...others] = said(against({ [name]: behind(0.02) }));
    expect(others).toEqual([]);
    expect(text).toContain(
      `behind on the test cases: new is worse than the rival ${name} (test NDCG@10 -0.0200, 95 % interval -0.0300 to -0.0010). `,
    );
    expect(text).toContain(meaning);
  });

  it('has no advice about a rival that it does not know', () => {
    const [text] = said(against({ surprise: behind(0.02) }));
    expect(text).toMatch(/ interval -0\.0300 to -0\.0010\)\.$/);
  });

  it('tells of a rival that validation prefers', () => {
    expect(said(against({ popularity: { ...level, validation: 0.21 } }))[0]).toContain(
      'behind on the validation cases: new against the rival popularity: no difference shown',
    );
  });

  it('names the two that are furthest ahead, and gives an advice once', () => {
    // Act
    const found = said(
      against({
        popularity: behind(0.01),
        'rules-long': behind(0.03),
        ease: level,
        'rules-short': behind(0.02),
      }),
    );

    // Assess
    expect(found).toHaveLength(2);
    expect(found[0]).toMatch(/rules-long .* or more data\.$/);
    expect(found[1]).toMatch(/rules-short .*\)\.$/);
  });
});
