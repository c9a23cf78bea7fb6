import { percentileInterval } from '#lib/evaluation/resampling.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { bootstrapP } from './corrections.ts';

/** A value a user, `[seeds][users]`. */
export type ValuesBySeed = readonly Float64Array[];

/** A mean, or a difference of two, with a percentile interval over seeds and users. */
export interface SeededMean {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** That the value is 0, see `bootstrapP`. */
  readonly p: number;
}

const seededMeans = { samples: 2000, confidence: 0.95 } as const;

/**
 * Hierarchical bootstrap (Davison and Hinkley 1997, section 3.8): seeds are drawn with replacement, and of each its users
 * with replacement. So an interval knows that another seed (world, logs, training) would have given something else.
 *
 * @throws RangeError if there is no value at all
 */
export function bootstrapSeeds(values: ValuesBySeed, seed = 1): SeededMean {
  if (values.length === 0 || values.some((users) => users.length === 0)) {
    throw new RangeError('A mean over seeds and users needs a value of every seed.');
  }
  const { samples, confidence } = seededMeans;
  const random = randomStream(seed, 'seeds, then users');
  const value = mean(values.map(mean));
  const means = Float64Array.from({ length: samples }, () => {
    let sum = 0;
    for (let draw = 0; draw < values.length; draw++) {
      const users = values[random.integer(values.length)]!;
      let own = 0;
      for (let user = 0; user < users.length; user++) own += users[random.integer(users.length)]!;
      sum += own / users.length;
    }
    return sum / values.length;
  });
  return {
    value,
    ...percentileInterval(means, confidence),
    p: bootstrapP(means),
  };
}

/** The same of the difference of two, seed by seed and user by user. */
export function bootstrapDifference(a: ValuesBySeed, b: ValuesBySeed, seed = 1): SeededMean {
  const isPaired = a.length === b.length && a.every((users, at) => users.length === b[at]!.length);
  if (!isPaired) throw new RangeError('A paired difference needs the same seeds and users.');
  return bootstrapSeeds(
    a.map((users, at) => users.map((value, user) => value - b[at]![user]!)),
    seed,
  );
}

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
