import { resolveModel } from '#lib/contracts/config/presets.ts';
import {
  modelConfig,
  type ResolvedModel,
  trainingSettings,
} from '#lib/contracts/config/training.ts';
import { type AugmentedShard, transitionOffsetsOf } from '#lib/environment/augmented-shard.ts';
import { batchLayout } from '#lib/recommender/batch-layout.ts';
import type { BatchLayout } from '#lib/recommender/data/layout.ts';
import { collectRows, type TrainingRows } from '#lib/recommender/data/training-rows.ts';
import { describeNetwork } from '#lib/recommender/network.ts';
import { randomStream } from '#lib/recommender/random.ts';
import type { EvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import { casesOf as plainCases } from '../sequences/cases.ts';

/** A model of the given settings; everything else is the preset's. */
export function resolve(settings: Readonly<Record<string, unknown>> = {}): ResolvedModel {
  const model = { name: 'model', backbone: 'sasrec', objective: 'supervised', ...settings };
  return resolveModel(trainingSettings.parse({}), modelConfig.parse(model));
}

/** What a model uses of the LE: rewards, and actions by them. */
export const rewarded = {
  state: 'q_only',
  stateWeight: 0,
  reward: 'positives',
  actions: 'reward',
  rewardWeight: 0,
  shareLimit: 3,
  augmentedWeight: 0.5,
  augmentedBootstrap: 'consumed',
  minimumMargin: 0,
  uncertaintyPenalty: 0,
} as const;

/** Settings of a model that trains in no time. */
export const small = {
  dimension: 8,
  blocks: 1,
  batchTargets: 40,
  negatives: 3,
  dropout: 0.1,
  learningRate: 0.01,
};

/** Training rows of given items. */
export function shardOf(
  rows: readonly {
    readonly user: string;
    readonly start?: number;
    readonly items: readonly number[];
    readonly rewards?: readonly number[];
  }[],
): SequenceShard {
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach(({ items }, row) => {
    offsets[row + 1] = offsets[row]! + items.length;
  });
  const items = Int32Array.from(rows.flatMap((row) => row.items));
  return {
    users: rows.map(({ user }) => user),
    starts: Int32Array.from(rows, ({ start }) => start ?? 0),
    offsets,
    items,
    timestamps: Float64Array.from(items, (_, index) => index),
    rewards: Float32Array.from(rows.flatMap((row) => row.rewards ?? row.items.map(() => 1))),
  };
}

/** An LE's answer to a shard: seeded numbers, `candidates` other items per transition. */
export function answerTo(
  shard: SequenceShard,
  {
    items,
    stateDimension = 3,
    candidates = 3,
  }: { items: number; stateDimension?: number; candidates?: number },
): AugmentedShard {
  const random = randomStream(5, 'answer', shard.items.length);
  const transitionOffsets = transitionOffsetsOf(shard.offsets);
  const transitions = transitionOffsets.at(-1)!;
  const actions = shard.items.filter((_, index) => !shard.offsets.includes(index));
  const draw = (length: number, next: () => number) => Float32Array.from({ length }, () => next());
  return {
    users: shard.users,
    starts: shard.starts,
    offsets: shard.offsets,
    items: shard.items,
    stateDimension,
    // Signs and mantissas at random, sizes 0.5 to 2.
    states: Uint16Array.from(
      { length: shard.items.length * stateDimension },
      () => (random.integer(2) << 15) | ((14 + random.integer(2)) << 10) | random.integer(1024),
    ),
    transitionOffsets,
    rewards: draw(transitions, () => 1 + 0.2 * random.normal()),
    rewardSpreads: draw(transitions, () => 0.1 * random.uniform()),
    candidateOffsets: Int32Array.from({ length: transitions + 1 }, (_, at) => at * candidates),
    candidates: Int32Array.from({ length: transitions * candidates }, (_, at) => {
      const offset = 1 + (at % candidates);
      return 1 + ((actions[Math.floor(at / candidates)]! - 1 + offset) % items);
    }),
    candidateRewards: draw(transitions * candidates, () => random.uniform()),
    candidateRewardSpreads: draw(transitions * candidates, () => 0.1 * random.uniform()),
    candidateChances: draw(transitions * candidates, () => random.uniform()),
  };
}

/** A small world with a rule: after item `i` comes `i + 1` or, now and then, anything. */
export interface World {
  readonly items: number;
  readonly window: number;
  readonly rows: TrainingRows;
  readonly validation: EvaluationCases;
  readonly test: EvaluationCases;
}

export async function makeWorld(
  model: ResolvedModel,
  { users = 60, items = 24, window = 6, surprise = 0.2 } = {},
): Promise<World> {
  const random = randomStream(3, 'world');
  const shards: SequenceShard[] = [];
  const held: { history: number[]; validation: number; test: number }[] = [];
  for (let part = 0; part < 2; part++) {
    const rows: { user: string; start: number; items: number[] }[] = [];
    for (let user = 0; user < users / 2; user++) {
      const history = [1 + random.integer(items)];
      const length = 4 + random.integer(10);
      while (history.length < length) {
        const next = 1 + (history.at(-1)! % items);
        history.push(random.uniform() < surprise ? 1 + random.integer(items) : next);
      }
      const training = history.slice(0, -2);
      for (let start = 0; start === 0 || start < training.length - 1; start += window) {
        rows.push({
          user: `user-${part}-${user}`,
          start,
          items: training.slice(start, start + window + 1),
        });
      }
      held.push({ history: training, validation: history.at(-2)!, test: history.at(-1)! });
    }
    shards.push(shardOf(rows));
  }
  const counts = new Int32Array(items);
  for (const { history } of held) for (const item of history) counts[item - 1]!++;
  const parts = shards.map((sequences) => ({
    sequences,
    augmented: model.lea === undefined ? undefined : answerTo(sequences, { items }),
  }));
  return {
    items,
    window,
    rows: await collectRows(parts, model.lea, counts),
    validation: casesOf(
      held.map(({ history, validation }) => [history.slice(-window), validation]),
    ),
    test: casesOf(
      held.map(({ history, validation, test }) => [[...history, validation].slice(-window), test]),
    ),
  };
}

export function casesOf(cases: readonly (readonly [readonly number[], number])[]): EvaluationCases {
  return plainCases(cases.map(([history, target]) => ({ history, target })));
}

/** How the batches of a model are laid out. */
export function layoutOf(
  model: ReturnType<typeof resolve>,
  world: {
    items: number;
    window: number;
    rows: { environment: { stateDimension: number } | undefined };
  },
): BatchLayout {
  const { environment } = world.rows;
  const network = describeNetwork(model, world.items, world.window, environment?.stateDimension);
  return batchLayout(model, network);
}
