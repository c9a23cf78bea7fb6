import type { EvaluationConfig } from '#lib/contracts/config/promotion.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { type Comparison, type MetricEstimates, primaryMetric } from './evaluation-file.ts';
import type { CaseMetric } from './metrics.ts';
import {
  bootstrapMeans,
  flippedMeans,
  numberUsers,
  percentileInterval,
  randomisationPValue,
  type UserSums,
} from './resampling.ts';

/** Metrics that pairs of rankers are compared by; intervals of single rankers are given for every metric. */
const comparedMetrics = [primaryMetric, 'hr@10'];

/** How much more the first of two rankers reaches. */
export type Difference = Pick<Comparison, 'difference' | 'low' | 'high'>;

/** Somebody who ranked the cases. */
export interface Ranker {
  readonly name: string;
  readonly ranks: Int32Array;
}

/**
 * Everything that is asked about rankers on one set of cases.
 *
 * @param caseUsers whose each case is, `[cases]`
 */
export function assess(
  caseUsers: readonly string[],
  rankers: readonly Ranker[],
  metrics: ReadonlyMap<string, CaseMetric>,
  config: EvaluationConfig,
) {
  const { numbers, users } = numberUsers(caseUsers);
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
  const difference = (a: string, b: string, metric: string): Difference => {
    const [columnA, columnB] = [columnOf(a, metric), columnOf(b, metric)];
    const differences = resampled[columnA]!.map(
      (value, sample) => value - resampled[columnB]![sample]!,
    );
    return {
      difference: values[columnA]! - values[columnB]!,
      ...percentileInterval(differences, config.confidence),
    };
  };
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
        const own = difference(a, b, metric);
        const [columnA, columnB] = [columnOf(a, metric), columnOf(b, metric)];
        return {
          a,
          b,
          metric,
          ...own,
          pValue: randomisationPValue(own.difference, flipped.get(columnA)!, flipped.get(columnB)!),
        };
      }),
    );
  };
  return { users, estimates, difference, compare };
}

/** One column a ranker and metric, rankers outermost. */
function sumByUser(
  numbers: Int32Array,
  users: number,
  rankers: readonly Ranker[],
  metrics: ReadonlyMap<string, CaseMetric>,
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
        column[numbers[index]!]! += metric(ranks[index]!, index);
      }
      return column;
    });
  });
  return { cases, columns };
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}
