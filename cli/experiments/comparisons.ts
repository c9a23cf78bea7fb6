import { rankMetrics } from '#lib/evaluation/metrics.ts';
import { numberUsers, percentileInterval } from '#lib/evaluation/resampling.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { bootstrapP } from './corrections.ts';

/** A ranker on the test cases, with a list of ranks for each seed (a rival has one). */
export interface SeededRanks {
  readonly name: string;
  readonly ranks: readonly Int32Array[];
}

/** How much more NDCG@10 one ranker has than another on the same cases. */
export interface SeededComparison {
  readonly a: string;
  readonly b: string;
  readonly difference: number;
  /** Ends of the interval. */
  readonly low: number;
  readonly high: number;
  readonly confidence: number;
  /** That there is no difference, see `bootstrapP`. */
  readonly p: number;
}

const samples = 2000;
const confidence = 0.95;

/**
 * Compares each of some rankers with each of others. What is resampled are users, whose cases stay together and are the
 * same for both, and seeds of each ranker: an interval knows what another training would have given.
 */
export function compareSeeds(
  users: readonly string[],
  rankers: readonly SeededRanks[],
  others: readonly SeededRanks[],
): SeededComparison[] {
  const { numbers, users: count } = numberUsers(users);
  const cases = new Float64Array(count);
  for (const user of numbers) cases[user]! += 1;
  const gain = rankMetrics([10]).get('ndcg@10')!;
  const sumsOf = ({ ranks }: SeededRanks) =>
    ranks.map((own) => {
      const sums = new Float64Array(count);
      own.forEach((rank, index) => {
        sums[numbers[index]!]! += gain(rank);
      });
      return sums;
    });
  const random = randomStream(1, 'seeds and users');
  const weights = Array.from({ length: samples }, () => {
    const drawn = new Uint16Array(count);
    for (let draw = 0; draw < count; draw++) drawn[random.integer(count)]!++;
    return drawn;
  });
  const resampled = (ranker: SeededRanks) => {
    const bySeed = sumsOf(ranker);
    const seeds = randomStream(1, 'seeds', ranker.name);
    const means = weights.map((drawn) => {
      let total = 0;
      for (let user = 0; user < count; user++) total += drawn[user]! * cases[user]!;
      let sum = 0;
      for (let draw = 0; draw < bySeed.length; draw++) {
        const own = bySeed[seeds.integer(bySeed.length)]!;
        for (let user = 0; user < count; user++) sum += drawn[user]! * own[user]!;
      }
      return sum / bySeed.length / total;
    });
    const whole = bySeed.reduce((sum, own) => sum + own.reduce((a, b) => a + b, 0), 0);
    return { means, mean: whole / bySeed.length / users.length };
  };
  const right = others.map((other) => ({ name: other.name, ...resampled(other) }));
  return rankers.flatMap((ranker) => {
    const left = resampled(ranker);
    return right.map(({ name, means, mean }) => {
      const differences = Float64Array.from(left.means, (value, at) => value - means[at]!);
      const difference = left.mean - mean;
      const interval = percentileInterval(differences, confidence);
      return {
        a: ranker.name,
        b: name,
        difference,
        ...interval,
        confidence,
        p: bootstrapP(differences),
      };
    });
  });
}
