/** The value of a metric for one case, by the target's rank (from 1; 0 is a miss). */
export type RankMetric = (rank: number) => number;

/** The same, where it depends on the case too. */
export type CaseMetric = (rank: number, index: number) => number;

/**
 * The metrics of a ranking with one relevant item, by name, for each cut-off `k`:
 * `hr@k` (hit rate: 1 if the rank is at most k), `ndcg@k` (`1 / log2(rank + 1)`: the ideal gain is 1) and `mrr@k`
 * (reciprocal rank). A target beyond the cut-off, or not in the list, counts 0.
 *
 * @see https://en.wikipedia.org/wiki/Discounted_cumulative_gain
 */
export function rankMetrics(cutoffs: readonly number[]): Map<string, RankMetric> {
  const metrics = new Map<string, RankMetric>();
  for (const cutoff of [...new Set(cutoffs)].sort((a, b) => a - b)) {
    const within = (gain: (rank: number) => number) => (rank: number) =>
      rank >= 1 && rank <= cutoff ? gain(rank) : 0;
    metrics.set(
      `hr@${cutoff}`,
      within(() => 1),
    );
    metrics.set(
      `ndcg@${cutoff}`,
      within((rank) => 1 / Math.log2(rank + 1)),
    );
    metrics.set(
      `mrr@${cutoff}`,
      within((rank) => 1 / rank),
    );
  }
  return metrics;
}

/** Mean of a metric over cases; 0 for no case. */
export function meanOverCases(ranks: Int32Array, metric: RankMetric): number {
  let sum = 0;
  for (const rank of ranks) sum += metric(rank);
  return ranks.length === 0 ? 0 : sum / ranks.length;
}

/**
 * `reward@k`, the reward that a list of `k` items earns: that of the held-out action if it is in the list, else 0.
 *
 * @param rewards of the held-out actions, `[cases]`
 */
export function rewardMetrics(
  rewards: ArrayLike<number>,
  cutoffs: readonly number[],
): Map<string, CaseMetric> {
  return new Map(
    cutoffs.map((cutoff) => [
      `reward@${cutoff}`,
      (rank, index) => (rank >= 1 && rank <= cutoff ? rewards[index]! : 0),
    ]),
  );
}
