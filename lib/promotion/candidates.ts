import { ContractError } from '#lib/contracts/errors.ts';
import {
  type Comparison,
  type Complexity,
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
  /** Undefined in runs of earlier releases. */
  readonly complexity: Complexity | undefined;
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
  ].flatMap(({ name, kind, recipe, metrics, validation, complexity }) => {
    if (recipe === undefined) return [];
    const value = validation[primaryMetric]?.value;
    if (value === undefined) {
      throw new ContractError(
        `The evaluation of ${name} has no validation metric "${primaryMetric}".`,
      );
    }
    return [{ name, kind, recipe, metrics, validation: value, complexity }];
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

/** A candidate that is as good as the best as far as validation can tell, and simpler. */
export interface Tied {
  readonly candidate: Candidate;
  /** How far it is behind, and the standard error of that: NDCG@10 on the validation cases. */
  readonly behind: number;
  readonly standardError: number;
}

/**
 * The simplest of those that are behind the best on validation by no more than one standard error of the paired difference
 * (the rule of Breiman et al. 1984, Classification and Regression Trees, section 3.4.3): without the language model before with
 * it, what only counts before what is trained, then fewer components, then the better one.
 *
 * @returns undefined if that is the best itself, or nothing is known of errors or of what candidates are made of
 */
export function simplestTied(
  { validationGaps = [] }: Evaluation,
  best: Candidate,
  candidates: readonly Candidate[],
): Tied | undefined {
  const tied = candidates.flatMap((candidate): Tied[] => {
    const gap = validationGaps.find(({ name }) => name === candidate.name);
    if (gap === undefined || gap.behind > gap.standardError) return [];
    return [{ candidate, behind: gap.behind, standardError: gap.standardError }];
  });
  const simplest = tied.reduce<Tied | undefined>(
    (found, one) =>
      found === undefined || isSimpler(one.candidate, found.candidate) ? one : found,
    undefined,
  );
  return simplest !== undefined && isSimpler(simplest.candidate, best) ? simplest : undefined;
}

/** Of two that are made alike the one that validation prefers; nobody is simpler than one of whom nothing is known. */
function isSimpler(one: Candidate, other: Candidate): boolean {
  if (one.complexity === undefined || other.complexity === undefined) return false;
  const order = ({ complexity, validation }: Candidate) => {
    const { environment, network, components } = complexity!;
    return [Number(environment), Number(network), components, -validation];
  };
  const [own, others] = [order(one), order(other)];
  const place = own.findIndex((value, at) => value !== others[at]);
  // Of two that are alike in all, at -1, neither is.
  return own[place]! < others[place]!;
}

/** In what a candidate is simpler than another, in a few words. */
export function simplerIn(one: Candidate, other: Candidate): string {
  const [own, others] = [one.complexity!, other.complexity!];
  if (own.environment !== others.environment) return 'it needs no language model';
  if (own.network !== others.network) return 'it needs no training';
  return `it has ${own.components} parts instead of ${others.components}`;
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
