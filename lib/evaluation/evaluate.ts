import type { EvaluationConfig } from '#lib/contracts/config/promotion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import {
  type Comparison,
  championLabel,
  type Evaluation,
  type MetricEstimates,
  primaryMetric,
} from './evaluation-file.ts';
import { type RankMetric, rankMetrics } from './metrics.ts';
import {
  bootstrapMeans,
  flippedMeans,
  numberUsers,
  percentileInterval,
  randomisationPValue,
  type UserSums,
} from './resampling.ts';

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
  readonly ranks: SplitRanks;
}

export interface RankedBaseline {
  readonly name: string;
  /** Undefined where the ranker has no files that could be served. */
  readonly recipe?: string | undefined;
  readonly ranks: SplitRanks;
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
  readonly config: EvaluationConfig;
}

/** Metrics that pairs of rankers are compared by; intervals of single rankers are given for every metric. */
const comparedMetrics = [primaryMetric, 'hr@10'];

/**
 * Evaluates rankers on the same cases: metrics with intervals, and every pair. Intervals come from a bootstrap over users, because the
 * cases of one user are not independent; p-values from a paired randomisation test over users. Seeded.
 *
 * @throws ContractError if ranks and cases do not fit or two rankers share a name
 */
export function evaluate(input: EvaluationInput): Evaluation {
  const { models, baselines, champion, config } = input;
  const metrics = rankMetrics([...config.cutoffs, 10]); // 10: the cut-off of the primary metric
  const rankers = [
    ...models.map(({ name, ranks }) => ({ name, ranks: ranks.test })),
    ...baselines.map(({ name, ranks }) => ({ name, ranks: ranks.test })),
    ...(champion === undefined ? [] : [{ name: championLabel, ranks: champion.ranks.test }]),
  ];
  expectDistinct(rankers.map((ranker) => ranker.name));
  const test = assess(input.cases.test, rankers, metrics, config);
  const validation = assess(
    input.cases.validation,
    [...models, ...baselines].map(({ name, ranks }) => ({ name, ranks: ranks.validation })),
    metrics,
    config,
  );
  return {
    cases: input.cases.test.targets.length,
    users: test.users,
    validationCases: input.cases.validation.targets.length,
    confidence: config.confidence,
    models: models.map(({ name, backbone, objective, recipe }) => ({
      name,
      backbone,
      objective,
      recipe,
      metrics: test.estimates(name),
      validation: validation.estimates(name),
    })),
    baselines: baselines.map(({ name, recipe }) => ({
      name,
      ...(recipe !== undefined && { recipe }),
      metrics: test.estimates(name),
      validation: validation.estimates(name),
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
  };
}

/** Each ranker with each later one. */
function pairsOf(rankers: readonly { readonly name: string }[]): (readonly [string, string])[] {
  return rankers.flatMap((ranker, index) =>
    rankers.slice(index + 1).map((other) => [ranker.name, other.name] as const),
  );
}

interface Ranker {
  readonly name: string;
  readonly ranks: Int32Array;
}

/** Everything that is asked about rankers on one set of cases. */
function assess(
  cases: EvaluationCases,
  rankers: readonly Ranker[],
  metrics: ReadonlyMap<string, RankMetric>,
  config: EvaluationConfig,
) {
  const { numbers, users } = numberUsers(cases.users);
  const sums = sumByUser(numbers, users, rankers, metrics);
  const names = [...metrics.keys()];
  const columnOf = (ranker: string, metric: string) =>
    rankers.findIndex(({ name }) => name === ranker) * names.length + names.indexOf(metric);
  const values = sums.columns.map((column) => total(column) / Math.max(1, numbers.length));
  const resampled = bootstrapMeans(sums, config.bootstrapSamples, config.seed);
  const estimates = (ranker: string): MetricEstimates =>
    Object.fromEntries(
      names.map((metric) => {
        const column = columnOf(ranker, metric);
        const interval = percentileInterval(resampled[column]!, config.confidence);
        return [metric, { value: values[column]!, ...interval }];
      }),
    );
  const compare = (pairs: readonly (readonly [string, string])[]): Comparison[] => {
    const compared = rankers.flatMap(({ name }) =>
      comparedMetrics.map((metric) => columnOf(name, metric)),
    );
    const flipped = new Map<number, Float64Array>();
    flippedMeans(
      { cases: sums.cases, columns: compared.map((column) => sums.columns[column]!) },
      config.bootstrapSamples,
      config.seed,
    ).forEach((means, index) => {
      flipped.set(compared[index]!, means);
    });
    return pairs.flatMap(([a, b]) =>
      comparedMetrics.map((metric) => {
        const [columnA, columnB] = [columnOf(a, metric), columnOf(b, metric)];
        const difference = values[columnA]! - values[columnB]!;
        const differences = resampled[columnA]!.map(
          (value, sample) => value - resampled[columnB]![sample]!,
        );
        return {
          a,
          b,
          metric,
          difference,
          ...percentileInterval(differences, config.confidence),
          pValue: randomisationPValue(difference, flipped.get(columnA)!, flipped.get(columnB)!),
        };
      }),
    );
  };
  return { users, estimates, compare };
}

/** One column a ranker and metric, rankers outermost. */
function sumByUser(
  numbers: Int32Array,
  users: number,
  rankers: readonly Ranker[],
  metrics: ReadonlyMap<string, RankMetric>,
): UserSums {
  if (numbers.length === 0) throw new ContractError('There are no cases to evaluate on.');
  const cases = new Float64Array(users);
  for (const user of numbers) cases[user]! += 1;
  const columns = rankers.flatMap(({ name, ranks }) => {
    if (ranks.length !== numbers.length) {
      throw new ContractError(
        `${name} ranked ${ranks.length} cases, but there are ${numbers.length}.`,
      );
    }
    return [...metrics.values()].map((metric) => {
      const column = new Float64Array(users);
      for (let index = 0; index < ranks.length; index++) {
        column[numbers[index]!]! += metric(ranks[index]!);
      }
      return column;
    });
  });
  return { cases, columns };
}

function expectDistinct(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ContractError(
      `Two rankers are called "${twice}". Rename the model: the names of the baselines and "${championLabel}" are taken.`,
    );
  }
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
