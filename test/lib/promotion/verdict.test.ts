import { describe, expect, it } from 'vitest';
import { promotionConfig } from '#lib/contracts/config/promotion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import {
  append,
  decide,
  remark,
  type Verdict,
  verdictFile,
  withdraw,
} from '#lib/promotion/verdict.ts';
import { alike, better, comparison, evaluationOf, worse } from './evaluations.ts';

const config = (settings: Record<string, unknown> = {}) => promotionConfig.parse(settings);

/** Everything that a verdict says. */
const textOf = ({ reasons, diagnosis }: Verdict) => [...reasons, ...diagnosis].join('\n');

describe('Function: decide, without a champion', () => {
  it('makes the best on the validation cases the champion, and says how it does on the test cases', () => {
    // Act
    const verdict = decide(evaluationOf({ champion: null }), config());

    // Assess
    expect(verdictFile.parse(JSON.parse(JSON.stringify(verdict)))).toEqual(verdict);
    expect(verdict).toEqual({
      winner: 'new',
      promoted: true,
      because: 'first',
      questions: [],
      reasons: [
        'new is the best of 3 candidates on the validation cases (validation NDCG@10 0.2000).',
        'new is better than the rival popularity (test NDCG@10 +0.0500, 95 % interval +0.0300 to +0.0700).',
        'There is no champion to compare with, and somebody has to be served: new becomes the champion.',
      ],
      diagnosis: [],
    });
  });

  it.each([
    ['better', better],
    ['no difference shown', alike],
  ])('serves the model when it is the best on validation and, on test, %s', (_, rival) => {
    const verdict = decide(evaluationOf({ champion: null, rival }), config());
    expect(verdict).toMatchObject({ winner: 'new', promoted: true });
  });

  it('serves a rival that is the best on validation, with a diagnosis of the models', () => {
    // Act
    const verdict = decide(
      evaluationOf({ champion: null, validation: { popularity: 0.3 }, rival: alike }),
      config(),
    );

    // Assess
    expect(verdict).toMatchObject({ winner: 'popularity', promoted: true, because: 'first' });
    expect(verdict.diagnosis).toHaveLength(1);
    expect(verdict.diagnosis[0]).toContain(
      'behind on the validation cases: new against the rival popularity: no difference shown',
    );
  });

  /** `other` is tied with the best and needs no language model. */
  const tied = (champion: null | undefined) => {
    const { models, ...rest } = evaluationOf({
      ...(champion === null && { champion }),
      validation: { other: 0.199 },
    });
    const complexity = { environment: true, network: true, components: 7 };
    return {
      ...rest,
      models: [
        { ...models[0]!, complexity },
        { ...models[1]!, complexity: { ...complexity, environment: false } },
      ],
      validationGaps: [
        { name: 'new', behind: 0, standardError: 0 },
        { name: 'other', behind: 0.001, standardError: 0.002 },
        { name: 'popularity', behind: 0.1, standardError: 0.002 },
      ],
    };
  };

  it('prefers the simplest of those that validation cannot tell from the best, and says so', () => {
    const verdict = decide(tied(null), config());
    expect(verdict).toMatchObject({ winner: 'other', promoted: true, because: 'first' });
    expect(verdict.reasons[1]).toBe(
      'other is behind it there by no more than one standard error (0.0010, standard error 0.0020), and simpler: it needs no language model. So it is preferred.',
    );
    expect(verdict.reasons.at(-1)).toContain('other becomes the champion');
  });

  it('asks the best itself to replace a champion', () => {
    expect(decide(tied(undefined), config())).toMatchObject({ winner: 'new', promoted: true });
  });

  it('does not serve a model that the test cases show to be worse than a rival', () => {
    // Act
    const verdict = decide(evaluationOf({ champion: null, rival: worse }), config());

    // Assess
    expect(verdict).toMatchObject({ winner: 'popularity', promoted: true, because: 'first' });
    expect(verdict.reasons).toContain(
      'A trained model is not promoted over a rival that is better: popularity takes its place (validation NDCG@10 0.1000).',
    );
    expect(verdict.diagnosis[0]).toContain(
      'behind on the test cases: new is worse than the rival popularity',
    );
  });

  it('does not choose a ranker that has no files', () => {
    // Arrange
    const evaluation = evaluationOf({ champion: null, validation: { popularity: 0.3 } });
    const { recipe: _, ...unserved } = evaluation.baselines[0]!;

    // Act
    const verdict = decide({ ...evaluation, baselines: [unserved] }, config());

    // Assess
    expect(verdict.winner).toBe('new');
  });

  it('says so when there is only one candidate', () => {
    // Arrange
    const { models, ...evaluation } = evaluationOf({ champion: null });

    // Act
    const { reasons } = decide(
      { ...evaluation, models: models.slice(0, 1), baselines: [] },
      config(),
    );

    // Assess
    expect(reasons[0]).toBe('new is the only candidate (validation NDCG@10 0.2000).');
    expect(reasons).toHaveLength(2);
  });

  it('compares a rival that validation prefers with every candidate, a model with the rivals alone', () => {
    const reasonsFor = (popularity: number) =>
      decide(evaluationOf({ champion: null, validation: { popularity }, rival: alike }), config())
        .reasons;
    expect(
      reasonsFor(0.3)
        .slice(1, -1)
        .map((reason) => reason.split(':')[0]),
    ).toEqual(['popularity against new', 'popularity against other']);
    expect(
      reasonsFor(0.1)
        .slice(1, -1)
        .map((reason) => reason.split(':')[0]),
    ).toEqual(['new against the rival popularity']);
  });

  /** The rival `rules` besides, which the test cases show to be better than `popularity` and worse than `new`. */
  const withRules = (validation: number, popularity: number) => {
    const evaluation = evaluationOf({ champion: null, validation: { popularity } });
    const [rival] = evaluation.baselines;
    const at = { value: validation, low: validation, high: validation };
    return {
      ...evaluation,
      baselines: [rival!, { ...rival!, name: 'rules', validation: { 'ndcg@10': at } }],
      comparisons: [
        ...evaluation.comparisons,
        ...['new', 'other'].map((name) => comparison(name, 'rules', better)),
        comparison('popularity', 'rules', worse),
      ],
    };
  };

  it('says how the chosen model does against each rival', () => {
    expect(
      decide(withRules(0.1, 0.1), config())
        .reasons.slice(1, -1)
        .map((reason) => reason.split(' (')[0]),
    ).toEqual(['new is better than the rival popularity', 'new is better than the rival rules']);
  });

  it('chooses by validation alone among rivals, too', () => {
    expect(decide(withRules(0.25, 0.3), config()).winner).toBe('popularity');
  });

  it('serves somebody however few the test cases are', () => {
    const few = { ...evaluationOf({ champion: null }), cases: 3 };
    expect(decide(few, config())).toMatchObject({ winner: 'new', promoted: true });
  });

  it('chooses by validation alone among models, whatever the test says', () => {
    const choiceOf = (change: Parameters<typeof evaluationOf>[0]) =>
      decide(evaluationOf({ champion: null, ...change }), config()).winner;
    expect(choiceOf({ validation: { new: 0.2, other: 0.19 }, test: { other: 0.5 } })).toBe('new');
    expect(choiceOf({ validation: { new: 0.2, other: 0.21 } })).toBe('other');
    expect(choiceOf({ validation: { new: 0.2, other: 0.2 } })).toBe('new');
  });
});

describe('Function: decide, for another recipe', () => {
  it('promotes one that is better', () => {
    // Act
    const verdict = decide(evaluationOf(), config());

    // Assess
    expect(verdictFile.parse(verdict)).toEqual(verdict);
    expect(verdict).toMatchObject({ winner: 'new', promoted: true, because: 'another-recipe' });
    expect(verdict.questions).toEqual([
      {
        asked: 'another-recipe',
        candidate: 'new',
        against: 'champion',
        difference: 0.01,
        low: 0.001,
        high: 0.02,
        bound: 0,
        word: 'better',
        passed: true,
      },
    ]);
    expect(verdict.reasons.slice(2)).toEqual([
      'Another recipe must be better: new is better than the champion sasrec of run yesterday (test NDCG@10 +0.0100, 95 % interval +0.0010 to +0.0200). The interval lies above +0.0000.',
      'new becomes the champion, as a better recipe.',
    ]);
  });

  it.each([
    ['touches 0', { difference: 0.004, low: 0, high: 0.01 }, 'no difference shown'],
    ['lies around 0', alike, 'no difference shown'],
    ['lies below 0', worse, 'worse'],
  ])('keeps the champion when the interval %s', (_, champion, word) => {
    // Act
    const verdict = decide(evaluationOf({ champion }), config());

    // Assess
    expect(verdict).toMatchObject({ promoted: false, because: null, questions: [{ word }] });
    expect(verdict.reasons.at(-1)).toBe('sasrec of run yesterday stays the champion.');
    expect(textOf(verdict)).toContain(
      word === 'worse'
        ? 'new is worse than the champion sasrec of run yesterday'
        : 'new against the champion sasrec of run yesterday: no difference shown',
    );
  });

  it('asks for the gain that is configured', () => {
    // Act and assess: 0.001 is the lower end of the difference to the champion.
    expect(decide(evaluationOf(), config({ minimumGain: 0.0009 })).promoted).toBe(true);
    const verdict = decide(evaluationOf(), config({ minimumGain: 0.001 }));
    expect(verdict.promoted).toBe(false);
    expect(textOf(verdict)).toContain('The interval does not lie above +0.0010.');
  });

  it('asks for enough test cases', () => {
    // Act
    expect(decide(evaluationOf(), config({ minimumTestCases: 1000 })).promoted).toBe(true);
    const verdict = decide(evaluationOf(), config({ minimumTestCases: 1001 }));

    // Assess
    expect(verdict.promoted).toBe(false);
    expect(verdict.reasons.at(-1)).toBe(
      'sasrec of run yesterday stays the champion: 1000 test cases are too few for a verdict (promotion.minimumTestCases is 1001).',
    );
  });

  it('takes a champion without a recipe for another recipe', () => {
    const verdict = decide(evaluationOf({ championRecipe: undefined, champion: alike }), config());
    expect(verdict).toMatchObject({ promoted: false, questions: [{ asked: 'another-recipe' }] });
  });

  it('compares a rival that is ahead with the champion, not the model', () => {
    const verdict = decide(evaluationOf({ rival: worse }), config());
    expect(verdict).toMatchObject({
      winner: 'popularity',
      promoted: true,
      because: 'another-recipe',
      questions: [{ candidate: 'popularity', against: 'champion' }],
    });
  });
});

describe("Function: decide, for the champion's recipe", () => {
  /** The champion's NDCG@10 is 0.14: a tenth of it is 0.014. */
  const newer = (low: number) =>
    evaluationOf({
      championRecipe: 'new',
      champion: { difference: low + 0.01, low, high: low + 0.02 },
    });

  it('replaces old weights by new ones that are not worse by more than the margin', () => {
    // Act
    const verdict = decide(newer(-0.0139), config());

    // Assess
    expect(verdict).toMatchObject({ winner: 'new', promoted: true, because: 'newer-data' });
    expect(verdict.questions).toMatchObject([
      { asked: 'newer-data', candidate: 'new', against: 'champion', word: 'no difference shown' },
    ]);
    expect(verdict.questions[0]!.bound).toBeCloseTo(-0.014, 12);
    expect(verdict.reasons.at(-1)).toBe(
      "new becomes the champion, with the champion's recipe and newer data.",
    );
  });

  it('says so when they are worse, but within the margin', () => {
    const verdict = decide(
      evaluationOf({
        championRecipe: 'new',
        champion: { difference: -0.008, low: -0.012, high: -0.004 },
      }),
      config(),
    );
    expect(verdict).toMatchObject({ promoted: true, questions: [{ word: 'worse', passed: true }] });
    expect(textOf(verdict)).toContain('new is worse than the champion');
  });

  it('keeps old weights when new ones may be worse by more than the margin', () => {
    expect(decide(newer(-0.0141), config())).toMatchObject({ promoted: false, because: null });
    expect(decide(newer(-0.0141), config({ nonInferiorityMargin: 0.11 })).promoted).toBe(true);
    expect(decide(newer(-0.0001), config({ nonInferiorityMargin: 0 })).promoted).toBe(false);
    expect(textOf(decide(newer(-0.0141), config()))).toContain(
      "The champion's recipe with newer data must not be worse by more than a margin: new against the champion sasrec of run yesterday: no difference shown",
    );
    expect(textOf(decide(newer(-0.0141), config()))).toContain(
      'The interval does not lie above -0.0140, the margin.',
    );
  });

  it('takes the newer weights when the better-looking recipe is not shown to be better', () => {
    // Arrange: `new` is the best on validation, `other` has the champion's recipe.
    const evaluation = evaluationOf({ championRecipe: 'other', champion: alike });

    // Act
    const verdict = decide(evaluation, config());

    // Assess
    expect(verdict).toMatchObject({ winner: 'other', promoted: true, because: 'newer-data' });
    expect(
      verdict.questions.map(({ candidate, against, passed }) => [candidate, against, passed]),
    ).toEqual([
      ['new', 'champion', false],
      ['new', 'other', true],
      ['other', 'champion', true],
    ]);
  });

  it('wants another recipe to be better on the same data too, not only newer than the champion', () => {
    // Arrange: better than the old weights, but not than the same recipe with tonight's data.
    const evaluation = evaluationOf({ championRecipe: 'other', between: alike });

    // Act
    const verdict = decide(evaluation, config());

    // Assess
    expect(verdict).toMatchObject({ winner: 'other', promoted: true, because: 'newer-data' });
    expect(verdict.questions[1]).toMatchObject({ against: 'other', passed: false });
  });

  it('keeps the champion when neither question is answered with yes', () => {
    const evaluation = evaluationOf({ championRecipe: 'other', champion: alike, other: worse });
    expect(decide(evaluation, config())).toMatchObject({ winner: 'new', promoted: false });
  });
});

describe('Function: decide, whatever the outcome', () => {
  const verdicts = [better, alike, worse].flatMap((champion) =>
    [better, alike, worse].flatMap((rival) =>
      ['new', 'other', 'old'].map((championRecipe) =>
        decide(evaluationOf({ champion, rival, championRecipe }), config()),
      ),
    ),
  );

  it('uses words that the intervals bear out', () => {
    for (const verdict of verdicts) {
      expect(textOf(verdict)).not.toMatch(/beyond doubt|not better|if any/);
      for (const { low, high, word } of verdict.questions) {
        expect(word).toBe(low > 0 ? 'better' : high < 0 ? 'worse' : 'no difference shown');
      }
    }
  });

  it.each<[string, Partial<Evaluation>]>([
    ['no models', { models: [], baselines: [] }],
    ['no comparison with the rival', { comparisons: [] }],
  ])('refuses an evaluation with %s', (_, change) => {
    expect(() => decide({ ...evaluationOf(), ...change }, config())).toThrow(ContractError);
  });
});

describe('Functions: remark, withdraw', () => {
  const verdict: Verdict = {
    ...decide(evaluationOf(), config()),
    reasons: ['first', 'second', 'new becomes the champion.'],
  };

  it('puts a remark before what becomes of the winner', () => {
    const remarked = remark(verdict, 'By the way.');
    expect(remarked).toEqual({
      ...verdict,
      reasons: ['first', 'second', 'By the way.', 'new becomes the champion.'],
    });
    expect(verdict.reasons).toHaveLength(3);
  });

  it('takes a promotion back, and says why in its place', () => {
    expect(withdraw(verdict, 'It could not be promoted.')).toEqual({
      ...verdict,
      promoted: false,
      because: null,
      reasons: ['first', 'second', 'It could not be promoted.'],
    });
  });
});

describe('Function: append', () => {
  it('puts a sentence last, once, and leaves the verdict that it was given', () => {
    const verdict = decide(evaluationOf(), config());

    const twice = append(append(append(verdict, 'One.'), 'Two.'), 'One.');

    expect(twice).toEqual({ ...verdict, reasons: [...verdict.reasons, 'Two.', 'One.'] });
    expect(verdict.reasons).not.toContain('One.');
  });
});
