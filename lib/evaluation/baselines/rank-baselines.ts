import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { RankedBaseline } from '../evaluate.ts';
import { orderByPopularity, rankWithBaseline, type TrainingData } from './baseline.ts';
import { sequentialRules } from './sequential-rules.ts';
import { popularity, repeatLast } from './simple.ts';

/**
 * Fits all baselines on the training data and ranks the cases with them.
 *
 * @param excludeHistory as in config section `sequences`
 */
export function rankBaselines(
  data: TrainingData,
  cases: { readonly validation: EvaluationCases; readonly test: EvaluationCases },
  excludeHistory: boolean,
): RankedBaseline[] {
  const order = orderByPopularity(data.itemTable.counts);
  return [popularity, repeatLast, sequentialRules(data)].map((baseline) => ({
    name: baseline.name,
    ranks: {
      validation: rankWithBaseline(baseline, cases.validation, order, excludeHistory),
      test: rankWithBaseline(baseline, cases.test, order, excludeHistory),
    },
  }));
}
