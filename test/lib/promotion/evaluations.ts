import type { Comparison, Evaluation } from '#lib/evaluation/evaluation-file.ts';

type Difference = Pick<Comparison, 'difference' | 'low' | 'high'>;

export function comparison(a: string, b: string, difference: Difference): Comparison {
  return { a, b, metric: 'ndcg@10', ...difference, pValue: 0.01 };
}

/** An evaluation of the models `new` and `other` in which `new` is clearly the best, unless told otherwise. */
export function evaluationOf(
  change: {
    readonly validation?: { readonly new: number; readonly other: number };
    readonly test?: { readonly other: number };
    readonly baseline?: Difference;
    readonly champion?: Difference | null;
  } = {},
): Evaluation {
  const validation = change.validation ?? { new: 0.2, other: 0.1 };
  const baseline = change.baseline ?? { difference: 0.05, low: 0.03, high: 0.07 };
  const champion =
    change.champion === undefined ? { difference: 0.01, low: 0.001, high: 0.02 } : change.champion;
  const metrics = (value: number) => ({
    'ndcg@10': { value, low: value - 0.01, high: value + 0.01 },
    'hr@10': { value: value * 2, low: value * 2 - 0.01, high: value * 2 + 0.01 },
  });
  const model = (name: 'new' | 'other', test: number) => ({
    name,
    backbone: 'sasrec',
    objective: 'snqn',
    metrics: metrics(test),
    validation: metrics(validation[name]),
  });
  return {
    cases: 1000,
    users: 900,
    validationCases: 1000,
    confidence: 0.95,
    models: [model('new', 0.15), model('other', change.test?.other ?? 0.12)],
    baselines: [{ name: 'popularity', metrics: metrics(0.1), validation: metrics(0.1) }],
    ...(champion !== null && {
      champion: { run: 'yesterday', name: 'sasrec', metrics: metrics(0.14) },
    }),
    comparisons: [
      comparison('new', 'other', { difference: 0.03, low: 0.01, high: 0.05 }),
      ...(['new', 'other'] as const).flatMap((name) => [
        comparison(name, 'popularity', baseline),
        ...(champion === null ? [] : [comparison(name, 'champion', champion)]),
      ]),
    ],
  };
}
