import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import { type RandomStream, randomStream } from '#lib/recommender/random.ts';

/**
 * What is tuned, the same for every model: log-uniform rates, the others among a few values. Wide enough for what the
 * literature reports of SASRec and GRU4Rec.
 */
const space = {
  learningRate: (random: RandomStream) => Number((5e-4 * 20 ** random.uniform()).toPrecision(3)),
  dropout: oneOf([0.1, 0.2, 0.3, 0.5]),
  dimension: oneOf([32, 64, 128]),
  blocks: oneOf([1, 2, 3]),
  batchTargets: oneOf([256, 512, 1024]),
} as const;

export type Tuned = Readonly<Partial<Record<keyof typeof space, number>>>;

/**
 * Settings of a random search (Bergstra and Bengio 2012): the first trial is the model as it was asked for; trial `n` draws the
 * same values for every model, so that none is luckier. What a model was given by name stays.
 *
 * @param given keys of the settings that the model was asked for with
 */
export function drawTrials(count: number, given: ReadonlySet<string>): Tuned[] {
  return Array.from({ length: count }, (_, trial) => {
    const random = randomStream(1, 'tuning', trial);
    const drawn = Object.entries(space).map(([key, draw]) => [key, draw(random)] as const);
    return trial === 0 ? {} : Object.fromEntries(drawn.filter(([key]) => !given.has(key)));
  });
}

/** A model with the settings of a trial; heads are kept only where they divide its width. */
export function withTrial(model: ResolvedModel, tuned: Tuned): ResolvedModel {
  const all = { ...model, ...tuned };
  return { ...all, heads: all.dimension % all.heads === 0 ? all.heads : 1 };
}

function oneOf(values: readonly number[]) {
  return (random: RandomStream) => values[random.integer(values.length)]!;
}
