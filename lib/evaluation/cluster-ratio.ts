/*
 * A rate over cases of which each user has several: the users are what is drawn, not the cases. Intervals by the delta
 * method, which takes one pass whatever the number of users (Deng, Knoblich and Lu 2018, "Applying the Delta Method in Metric
 * Analytics", arXiv 1803.06336, equation 4), where a bootstrap would take thousands.
 */

/** Sums of each user: how many cases, and how many of them are hits. Both `[users]`. */
export interface ClusterSums {
  readonly cases: Float64Array;
  readonly hits: Float64Array;
}

export interface WithInterval {
  readonly value: number;
  /** 95 %; null where a normal approximation says nothing. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

/** 97.5 % of the standard normal distribution lie below. */
const normalQuantile = 1.959963984540054;
/** Hits, and cases that are none, that a normal approximation needs at least. */
const least = 10;

/** `sum of hits / sum of cases`. */
export function ratioOf(sums: ClusterSums): WithInterval {
  const { value, variance, isEnough } = moments(sums);
  if (!isEnough) return { value, interval: null };
  const half = normalQuantile * Math.sqrt(variance);
  return { value, interval: { low: Math.max(0, value - half), high: Math.min(1, value + half) } };
}

/** Ratio of `a` minus that of `b`, of two groups of users who have nothing to do with each other; null for too few. */
export function differenceOfRatios(
  a: ClusterSums,
  b: ClusterSums,
): { readonly value: number; readonly low: number; readonly high: number } | null {
  const [one, other] = [moments(a), moments(b)];
  if (!one.isEnough || !other.isEnough) return null;
  const value = one.value - other.value;
  const half = normalQuantile * Math.sqrt(one.variance + other.variance);
  return { value, low: value - half, high: value + half };
}

function moments({ cases, hits }: ClusterSums) {
  const users = cases.length;
  const allCases = cases.reduce((sum, one) => sum + one, 0);
  const allHits = hits.reduce((sum, one) => sum + one, 0);
  const value = allHits / allCases;
  // What is left of each user's hits once the mean rate is taken off.
  const squares = hits.reduce((sum, hit, user) => sum + (hit - value * cases[user]!) ** 2, 0);
  const variance = ((users / (users - 1)) * squares) / allCases ** 2;
  const isEnough = users >= 2 && allHits >= least && allCases - allHits >= least;
  return { value, variance, isEnough };
}
