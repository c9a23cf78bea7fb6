import { ContractError } from '#lib/contracts/errors.ts';
import {
  type Comparison,
  championLabel,
  type Evaluation,
  type MetricEstimates,
  primaryMetric,
} from '#lib/evaluation/evaluation-file.ts';
import { wordOf } from './words.ts';

/** Who could be served from now on: a trained model, or a rival with files of its own. */
export interface Candidate {
  readonly name: string;
  readonly kind: 'model' | 'rival';
  readonly recipe: string;
  readonly metrics: MetricEstimates;
  /** NDCG@10 on the validation cases. */
  readonly validation: number;
}

/**
 * All candidates of a run, models first, each kind in the order of the evaluation.
 *
 * @throws ContractError if there is none, or one has no validation metric
 */
export function candidatesOf({ models, baselines }: Evaluation): Candidate[] {
  const candidates = [
    ...models.map((model) => ({ ...model, kind: 'model' as const })),
    ...baselines.map((rival) => ({ ...rival, kind: 'rival' as const })),
  ].flatMap(({ name, kind, recipe, metrics, validation }) => {
    if (recipe === undefined) return [];
    const value = validation[primaryMetric]?.value;
    if (value === undefined) {
      throw new ContractError(
        `The evaluation of ${name} has no validation metric "${primaryMetric}".`,
      );
    }
    return [{ name, kind, recipe, metrics, validation: value }];
  });
  if (candidates.length === 0) {
    throw new ContractError('The evaluation has no model to choose from.');
  }
  return candidates;
}

/** The best on the validation cases; the first of several that are alike. */
export function bestOf(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>(
    (best, candidate) =>
      best === undefined || candidate.validation > best.validation ? candidate : best,
    undefined,
  );
}

/** The rivals that the test cases show to be better than a candidate. */
export function rivalsAhead(
  evaluation: Evaluation,
  candidate: Candidate,
  candidates: readonly Candidate[],
): Candidate[] {
  return candidates.filter(
    ({ kind, name }) =>
      kind === 'rival' &&
      name !== candidate.name &&
      wordOf(comparisonOf(evaluation, candidate.name, name)) === 'worse',
  );
}

/**
 * The comparison of two rankers by the primary metric, turned round if it was made the other way.
 *
 * @throws ContractError if the evaluation has none
 */
export function comparisonOf(evaluation: Evaluation, a: string, b: string): Comparison {
  for (const comparison of evaluation.comparisons) {
    if (comparison.metric !== primaryMetric) continue;
    if (comparison.a === a && comparison.b === b) return comparison;
    if (comparison.a === b && comparison.b === a) {
      const { difference, low, high } = comparison;
      return { ...comparison, a, b, difference: -difference, low: -high, high: -low };
    }
  }
  throw new ContractError(`The evaluation has no comparison of "${a}" with "${b}".`);
}

/** A ranker as it is called in a sentence. */
export function describeRanker({ baselines, champion }: Evaluation, name: string): string {
  if (name === championLabel && champion !== undefined) {
    return `the champion ${champion.name} of run ${champion.run}`;
  }
  return baselines.some((rival) => rival.name === name) ? `the rival ${name}` : name;
}
