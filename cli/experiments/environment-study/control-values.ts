import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import { type RandomStream, shuffle } from '#lib/recommender/random.ts';

/** The numbers 0 to `length - 1` in an order drawn at random. */
export function permutation(length: number, random: RandomStream): Int32Array {
  return shuffle(
    Int32Array.from({ length }, (_, at) => at),
    random,
  );
}

/** Mean over all answers, 0 where there is none. */
export function meanOf(
  answers: readonly AugmentedShard[],
  key: 'rewards' | 'candidateRewards',
): number {
  const count = total(answers, (answer) => answer[key].length);
  const sum = total(answers, (answer) => answer[key].reduce((own, value) => own + value, 0));
  return count === 0 ? 0 : sum / count;
}

/** Sum over the answers. */
export const total = (
  answers: readonly AugmentedShard[],
  sizeOf: (answer: AugmentedShard) => number,
) => answers.reduce((sum, answer) => sum + sizeOf(answer), 0);
