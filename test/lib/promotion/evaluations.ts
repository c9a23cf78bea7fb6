import type { Comparison, Evaluation } from '#lib/evaluation/evaluation-file.ts';

export type Difference = Pick<Comparison, 'difference' | 'low' | 'high'>;

export function comparison(a: string, b: string, difference: Difference): Comparison {
  return { a, b, metric: 'ndcg@10', ...difference, pValue: 0.01 };
}

export const better: Difference = { difference: 0.01, low: 0.001, high: 0.02 };
export const alike: Difference = { difference: 0.001, low: -0.01, high: 0.012 };
export const worse: Difference = { difference: -0.02, low: -0.03, high: -0.01 };

/** What of an evaluation a test is about; the rest is as `evaluationOf` says. */
export interface EvaluationChange {
  /** NDCG@10 on the validation cases. */
  readonly validation?: Partial<Record<'new' | 'other' | 'popularity', number>>;
  readonly test?: { readonly other: number };
  /** `new` and `other` against the rival. */
  readonly rival?: Difference;
  /** Everybody against the champion; null if there is none. */
  readonly champion?: Difference | null;
  /** `other` against the champion. */
  readonly other?: Difference;
  /** `new` against `other`. */
  readonly between?: Difference;
  /** The champion's recipe; that of none of the candidates unless told otherwise. */
  readonly championRecipe?: string | undefined;
}

/**
 * An evaluation of the models `new` and `other`, of the recipes of these names, and the rival `popularity`, in which `new`
 * is clearly the best.
 */
export function evaluationOf(change: EvaluationChange = {}): Evaluation {
  const validation = { new: 0.2, other: 0.1, popularity: 0.1, ...change.validation };
  const rival = change.rival ?? { difference: 0.05, low: 0.03, high: 0.07 };
  const champion = change.champion === undefined ? better : change.champion;
  const championRecipe = 'championRecipe' in change ? change.championRecipe : 'old';
  const metrics = (value: number) => ({
    'ndcg@10': { value, low: value - 0.01, high: value + 0.01 },
    'hr@10': { value: value * 2, low: value * 2 - 0.01, high: value * 2 + 0.01 },
  });
  const model = (name: 'new' | 'other', test: number) => ({
    name,
    backbone: 'sasrec',
    objective: 'snqn',
    recipe: name,
    metrics: metrics(test),
    validation: metrics(validation[name]),
  });
  return {
    cases: 1000,
    users: 900,
    validationCases: 1000,
    confidence: 0.95,
    models: [model('new', 0.15), model('other', change.test?.other ?? 0.12)],
    baselines: [
      {
        name: 'popularity',
        recipe: 'popularity',
        metrics: metrics(0.1),
        validation: metrics(validation.popularity),
      },
    ],
    ...(champion !== null && {
      champion: {
        run: 'yesterday',
        name: 'sasrec',
        ...(championRecipe !== undefined && { recipe: championRecipe }),
        metrics: metrics(0.14),
      },
    }),
    comparisons: [
      comparison('new', 'other', change.between ?? { difference: 0.03, low: 0.01, high: 0.05 }),
      comparison('new', 'popularity', rival),
      comparison('other', 'popularity', rival),
      ...(champion === null
        ? []
        : [
            comparison('new', 'champion', champion),
            comparison('other', 'champion', change.other ?? champion),
            comparison('popularity', 'champion', champion),
          ]),
    ],
  };
}
