import type { EvaluationConfig } from '#lib/contracts/config/promotion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { assess } from './assess.ts';
import {
  type Complexity,
  championLabel,
  type Evaluation,
  primaryMetric,
} from './evaluation-file.ts';
import { assessLists, type RankedTestLists } from './list-metrics.ts';
import { type CaseMetric, rankMetrics, rewardMetrics } from './metrics.ts';
import { assessStrata, stratify, type TrainingFacts } from './strata.ts';
import { gapsToBest } from './validation-gaps.ts';

/** Ranks of the validation and of the test cases, in their order. */
export interface SplitRanks {
  readonly validation: Int32Array;
  readonly test: Int32Array;
}

export interface RankedModel {
  readonly name: string;
  readonly backbone: string;
  readonly objective: string;
  readonly recipe: string;
  readonly complexity?: Complexity | undefined;
  readonly ranks: SplitRanks;
  /** What its job found each part of it to add. */
  readonly parts?: Evaluation['models'][number]['parts'];
  /** Undefined where nobody kept them. */
  readonly lists?: RankedTestLists | undefined;
}

export interface RankedBaseline {
  readonly name: string;
  /** Undefined where the ranker has no files that could be served. */
  readonly recipe?: string | undefined;
  readonly complexity?: Complexity | undefined;
  readonly ranks: SplitRanks;
  /** Undefined where nobody kept them. */
  readonly lists?: RankedTestLists | undefined;
}

/** The champion, ranked on the cases of this run. */
export interface RankedChampion {
  /** The run that promoted it. */
  readonly run: string;
  readonly name: string;
  /** Undefined where an older release promoted it. */
  readonly recipe?: string | undefined;
  readonly ranks: Pick<SplitRanks, 'test'>;
}

export interface EvaluationInput {
  readonly cases: { readonly validation: EvaluationCases; readonly test: EvaluationCases };
  readonly models: readonly RankedModel[];
  readonly baselines: readonly RankedBaseline[];
  readonly champion?: RankedChampion | undefined;
  /** What training saw; without it there are no strata, no rewards and nothing is said of lists. */
  readonly training?: TrainingFacts | undefined;
  readonly config: EvaluationConfig;
}

/**
 * Evaluates rankers on the same cases: metrics with intervals, and every pair. Intervals come from a bootstrap over users, because the
 * cases of one user are not independent; p-values from a paired randomisation test over users. Seeded.
 *
 * @throws ContractError if ranks and cases do not fit or two rankers share a name
 */
export function evaluate(input: EvaluationInput): Evaluation {
  const { cases, models, baselines, champion, training, config } = input;
  const rankers = [
    ...models.map(({ name, ranks }) => ({ name, ranks: ranks.test })),
    ...baselines.map(({ name, ranks }) => ({ name, ranks: ranks.test })),
    ...(champion === undefined ? [] : [{ name: championLabel, ranks: champion.ranks.test }]),
  ];
  expectDistinct(rankers.map((ranker) => ranker.name));
  const isRewarded = training !== undefined && new Set(cases.test.rewards).size > 1;
  const metricsOf = ({ rewards }: EvaluationCases): Map<string, CaseMetric> =>
    new Map([
      ...rankMetrics([...config.cutoffs, 10]), // 10: the cut-off of the primary metric
      ...(isRewarded ? rewardMetrics(rewards, [10]) : []),
    ]);
  const test = assess(cases.test.users, rankers, metricsOf(cases.test), config);
  const validation = assess(
    cases.validation.users,
    [...models, ...baselines].map(({ name, ranks }) => ({ name, ranks: ranks.validation })),
    metricsOf(cases.validation),
    config,
  );
  return {
    cases: cases.test.targets.length,
    users: test.users,
    validationCases: cases.validation.targets.length,
    confidence: config.confidence,
    models: models.map(({ name, backbone, objective, recipe, complexity, parts }) => ({
      name,
      backbone,
      objective,
      recipe,
      metrics: test.estimates(name),
      validation: validation.estimates(name),
      ...(complexity && { complexity }),
      ...(parts !== undefined && parts.length > 0 && { parts }),
    })),
    baselines: baselines.map(({ name, recipe, complexity }) => ({
      name,
      ...(recipe !== undefined && { recipe }),
      metrics: test.estimates(name),
      validation: validation.estimates(name),
      ...(complexity && { complexity }),
    })),
    ...(champion && {
      champion: {
        run: champion.run,
        name: champion.name,
        ...(champion.recipe !== undefined && { recipe: champion.recipe }),
        metrics: test.estimates(championLabel),
      },
    }),
    comparisons: test.compare(pairsOf(rankers)),
    validationGaps: gapsToBest(
      cases.validation.users,
      // Only those who could be served are chosen from.
      [...models, ...baselines.filter(({ recipe }) => recipe !== undefined)].map(
        ({ name, ranks }) => ({ name, ranks: ranks.validation }),
      ),
    ),
    ...(training && {
      strata: assessStrata(
        cases.test.users,
        stratify(cases.test, training),
        rankers,
        new Map(
          [...models, ...baselines].map(({ name }) => [
            name,
            validation.estimates(name)[primaryMetric]!.value,
          ]),
        ),
        config,
      ),
      lists: [...models, ...baselines].flatMap(({ name, lists }) =>
        lists === undefined
          ? []
          : [{ name, ...assessLists(lists, cases.test, training.itemCounts, config) }],
      ),
    }),
  };
}

/** Each ranker with each later one. */
function pairsOf(rankers: readonly { readonly name: string }[]): (readonly [string, string])[] {
  return rankers.flatMap((ranker, index) =>
    rankers.slice(index + 1).map((other) => [ranker.name, other.name] as const),
  );
}

function expectDistinct(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ContractError(
      `Two rankers are called "${twice}". Rename the model: the names of the baselines and "${championLabel}" are taken.`,
    );
  }
}
