import { randomStream } from '#lib/recommender/random.ts';

/** Sums of a metric over each user's cases: the users are what is resampled, their cases stay together. */
export interface UserSums {
  /** `[users]` cases of each user. */
  readonly cases: Float64Array;
  /** `[columns][users]` sums of each metric of each ranker. */
  readonly columns: readonly Float64Array[];
}

/** Numbers users in order of appearance: `[cases]`. */
export function numberUsers(users: readonly string[]): { numbers: Int32Array; users: number } {
  const known = new Map<string, number>();
  const numbers = Int32Array.from(users, (user) => {
    const number = known.get(user) ?? known.size;
    known.set(user, number);
    return number;
  });
  return { numbers, users: known.size };
}

/** Means of every column over bootstrap resamples of the users, `[columns][samples]`. */
export function bootstrapMeans(sums: UserSums, samples: number, seed: number): Float64Array[] {
  const users = sums.cases.length;
  const random = randomStream(seed, 'bootstrap');
  const weights = new Float64Array(users);
  const totals = weightedTotals([...sums.columns, sums.cases], samples, () => {
    weights.fill(0);
    for (let draw = 0; draw < users; draw++) weights[random.integer(users)]! += 1;
    return weights;
  });
  const cases = totals.pop()!;
  for (const column of totals) {
    for (let sample = 0; sample < samples; sample++) column[sample]! /= cases[sample]!;
  }
  return totals;
}

/**
 * Means of every column when each user's sign is flipped by a fair coin, `[columns][samples]`. The difference of two
 * columns under the hypothesis that both rankers are alike is the difference of their flipped means: flipping all of a
 * user's differences is exchanging the two rankers for that user. So one set of coins serves every pair.
 */
export function flippedMeans(sums: UserSums, samples: number, seed: number): Float64Array[] {
  const users = sums.cases.length;
  const cases = sums.cases.reduce((sum, count) => sum + count, 0);
  const random = randomStream(seed, 'sign-flips');
  const signs = new Float64Array(users);
  const totals = weightedTotals(sums.columns, samples, () => {
    let bits = 0;
    for (let user = 0; user < users; user++) {
      if (user % 32 === 0) bits = random.integer(2 ** 32);
      signs[user] = bits & 1 ? 1 : -1;
      bits >>>= 1;
    }
    return signs;
  });
  for (const column of totals) {
    for (let sample = 0; sample < samples; sample++) column[sample]! /= cases;
  }
  return totals;
}

/**
 * The interval that holds the share `confidence` of the values between its ends (percentile interval; Efron and
 * Tibshirani 1993, chapter 13), with linear interpolation between order statistics.
 */
export function percentileInterval(
  values: Float64Array,
  confidence: number,
): { low: number; high: number } {
  const sorted = values.slice().sort();
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const above = Math.min(below + 1, sorted.length - 1);
    return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
  };
  return { low: quantile((1 - confidence) / 2), high: quantile((1 + confidence) / 2) };
}

/**
 * Two-sided p-value of a paired randomisation test: the share of coin flips whose difference is at least as large,
 * the observed one counted among them, so that it is never 0 (Phipson and Smyth 2010).
 */
export function randomisationPValue(
  observed: number,
  flippedA: Float64Array,
  flippedB: Float64Array,
): number {
  // Equal sums that were added up in another order must count as equal.
  const threshold = Math.abs(observed) * (1 - 1e-9) - 1e-12;
  let atLeast = 1;
  for (let sample = 0; sample < flippedA.length; sample++) {
    if (Math.abs(flippedA[sample]! - flippedB[sample]!) >= threshold) atLeast++;
  }
  return atLeast / (flippedA.length + 1);
}

/**
 * `[columns][samples]` products of columns with a new vector of weights for each sample. Most users have 0 in most
 * columns (no hit), so only what is not 0 is multiplied.
 */
function weightedTotals(
  columns: readonly Float64Array[],
  samples: number,
  drawWeights: () => Float64Array,
): Float64Array[] {
  const sparse = columns.map((column) => {
    const places = Int32Array.from(column.keys()).filter((place) => column[place] !== 0);
    return { places, values: Float64Array.from(places, (place) => column[place]!) };
  });
  const totals = columns.map(() => new Float64Array(samples));
  for (let sample = 0; sample < samples; sample++) {
    const weights = drawWeights();
    for (let index = 0; index < columns.length; index++) {
      const { places, values } = sparse[index]!;
      let sum = 0;
      for (let at = 0; at < places.length; at++) sum += values[at]! * weights[places[at]!]!;
      totals[index]![sample] = sum;
    }
  }
  return totals;
}
