import type { EvaluationConfig } from '#lib/contracts/config/promotion.ts';
import { rankMetrics } from './metrics.ts';
import { bootstrapMeans, numberUsers, percentileInterval } from './resampling.ts';

/** A value with the interval that a bootstrap over users gives it. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Two rankers on the same cases. */
export interface ComparedRanks {
  readonly users: number;
  readonly a: Interval;
  readonly b: Interval;
  /** The first minus the second. */
  readonly difference: Interval;
  /** Standard deviation of the difference over the resamples. */
  readonly standardError: number;
}

/**
 * Compares two rankers by NDCG@10, with intervals from a bootstrap over users. Seeded.
 *
 * @param users of each case, at least one
 * @param a ranks of the targets, `[cases]`
 */
export function compareRanks(
  users: readonly string[],
  a: Int32Array,
  b: Int32Array,
  {
    bootstrapSamples,
    confidence,
    seed,
  }: Pick<EvaluationConfig, 'bootstrapSamples' | 'confidence' | 'seed'>,
): ComparedRanks {
  const gain = rankMetrics([10]).get('ndcg@10')!;
  const { numbers, users: count } = numberUsers(users);
  const cases = new Float64Array(count);
  const sums = [new Float64Array(count), new Float64Array(count)] as const;
  numbers.forEach((user, index) => {
    cases[user]! += 1;
    sums[0][user]! += gain(a[index]!);
    sums[1][user]! += gain(b[index]!);
  });
  const [means, peers] = bootstrapMeans({ cases, columns: sums }, bootstrapSamples, seed);
  const differences = means!.map((value, sample) => value - peers![sample]!);
  const meanOf = (values: Float64Array, of: number) =>
    values.reduce((sum, value) => sum + value, 0) / of;
  const values = sums.map((column) => meanOf(column, numbers.length));
  const middle = meanOf(differences, differences.length);
  const variance = differences.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return {
    users: count,
    a: { value: values[0]!, ...percentileInterval(means!, confidence) },
    b: { value: values[1]!, ...percentileInterval(peers!, confidence) },
    difference: { value: values[0]! - values[1]!, ...percentileInterval(differences, confidence) },
    standardError: Math.sqrt(variance / Math.max(1, differences.length - 1)),
  };
}
