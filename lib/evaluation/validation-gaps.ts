import type { Evaluation } from './evaluation-file.ts';
import { rankMetrics } from './metrics.ts';
import { numberUsers } from './resampling.ts';

/** Somebody's ranks of the validation cases. */
export interface RankedValidation {
  readonly name: string;
  /** `[cases]` */
  readonly ranks: Int32Array;
}

/**
 * How far everybody is behind the best on the validation cases (NDCG@10), and how certain that is: the standard error of the mean
 * of paired differences, users as clusters, `sqrt(U / (U - 1) sum_u (d_u - D n_u)^2) / N`, with `d_u` the sum of a user's
 * `n_u` differences, `D` their mean over all `N` cases, `U` the number of users (linearised ratio estimator; Cochran 1977,
 * Sampling Techniques, section 2.11).
 *
 * @param users of each case
 * @returns in the order of the rankers; the first of the best has 0 and 0
 */
export function gapsToBest(
  users: readonly string[],
  rankers: readonly RankedValidation[],
): NonNullable<Evaluation['validationGaps']> {
  const gain = rankMetrics([10]).get('ndcg@10')!;
  const { numbers, users: count } = numberUsers(users);
  const cases = new Float64Array(count);
  for (const user of numbers) cases[user]! += 1;
  const sums = rankers.map(({ ranks }) => {
    const own = new Float64Array(count);
    numbers.forEach((user, index) => {
      own[user]! += gain(ranks[index]!);
    });
    return own;
  });
  const totals = sums.map((own) => own.reduce((sum, value) => sum + value, 0));
  const best = totals.indexOf(Math.max(...totals));
  return rankers.map(({ name }, at) => {
    const differences = sums[best]!.map((value, user) => value - sums[at]![user]!);
    const behind = (totals[best]! - totals[at]!) / Math.max(1, numbers.length);
    const squares = differences.reduce(
      (sum, value, user) => sum + (value - behind * cases[user]!) ** 2,
      0,
    );
    const spread = Math.sqrt((squares * count) / Math.max(1, count - 1));
    return { name, behind, standardError: spread / Math.max(1, numbers.length) };
  });
}
