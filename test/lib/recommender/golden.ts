import { readFileSync } from 'node:fs';
import { resolveModel } from '#lib/contracts/config/presets.ts';
import { modelConfig, trainingSettings } from '#lib/contracts/config/training.ts';
import type { AugmentedShard } from '#lib/environment/augmented-shard.ts';
import type { BackboneShape } from '#lib/recommender/backbones/backbone.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';

/** One of `test/reference/golden/`, written by `test/reference/generate.py`. */
export interface Golden {
  readonly shape: Omit<BackboneShape, 'positionsFrom' | 'timeAttention' | 'baskets'>;
  readonly environmentDimension: number;
  readonly rows: readonly GoldenRow[];
  readonly parameters: Readonly<Record<'tied' | 'separate', readonly [Flat, Flat]>>;
  /** By row and place: the state after the row's items up to it. */
  readonly states: readonly (readonly number[][])[];
  readonly branchItem: number;
  /** The state after one more item, `branchItem`, at the first `window` places. */
  readonly branches: readonly (readonly number[][])[];
  /** By row: scores of all items after its last `window` items. */
  readonly logits: readonly number[][];
  /** The same with positions counted from the end (SASRec). */
  readonly logitsFromEnd: readonly number[][];
  /** The same of a list that is asked for so many seconds after the last item, and where items of a time are baskets. */
  readonly askedAfter: number;
  readonly logitsWithTime: readonly number[][];
  readonly logitsOfBaskets: readonly number[][];
  readonly cases: Readonly<Record<string, GoldenCase>>;
}

export type Flat = Readonly<Record<string, readonly number[]>>;

interface GoldenRow {
  readonly user: string;
  readonly start: number;
  readonly items: readonly number[];
  readonly times: readonly number[];
  readonly basketTimes: readonly number[];
  readonly rewards: readonly number[];
  readonly states: readonly number[][];
  readonly transitions: readonly {
    readonly reward: number;
    readonly spread: number;
    readonly candidates: readonly number[];
    readonly candidateRewards: readonly number[];
    readonly candidateRewardSpreads: readonly number[];
    readonly candidateChances: readonly number[];
  }[];
}

export interface GoldenCase {
  readonly preset: 'sound' | 'paper';
  readonly positionsFrom: 'end' | 'start';
  readonly baskets: boolean;
  readonly settings: Readonly<Record<string, unknown>> & {
    readonly objective: string;
    readonly isActing: boolean;
    readonly sampledItems: readonly number[];
    readonly sampledLogCounts: readonly number[];
  };
  /** Lines: row and place of the state. Prefixes: row and place of the action. */
  readonly transitions: readonly {
    readonly row: number;
    readonly place: number;
    readonly negatives: readonly number[];
    readonly negativeRewards: readonly number[];
  }[];
  readonly losses: Readonly<Record<'loss' | 'supervised' | 'reinforcement', number>>;
  readonly gradients: Flat;
}

export function readGolden(backbone: string): Golden {
  const file = new URL(`../../reference/golden/${backbone}.golden.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Golden;
}

/** The golden rows as the two shards that the pipeline would hand over. */
export function shardsOf(
  { rows, environmentDimension }: Golden,
  baskets: boolean,
): {
  sequences: SequenceShard;
  augmented: AugmentedShard;
} {
  const offsetsOf = (lengths: readonly number[]) => {
    const offsets = new Int32Array(lengths.length + 1);
    lengths.forEach((length, index) => {
      offsets[index + 1] = offsets[index]! + length;
    });
    return offsets;
  };
  const items = Int32Array.from(rows.flatMap((row) => row.items));
  const transitions = rows.flatMap((row) => row.transitions);
  const users = rows.map((row) => row.user);
  const starts = Int32Array.from(rows, (row) => row.start);
  const offsets = offsetsOf(rows.map((row) => row.items.length));
  return {
    sequences: {
      users,
      starts,
      offsets,
      items,
      timestamps: Float64Array.from(rows.flatMap((row) => (baskets ? row.basketTimes : row.times))),
      rewards: Float32Array.from(rows.flatMap((row) => row.rewards)),
    },
    augmented: {
      users,
      starts,
      offsets,
      items,
      stateDimension: environmentDimension,
      states: Uint16Array.from(rows.flatMap((row) => row.states.flat()).map(float16Bits)),
      transitionOffsets: offsetsOf(rows.map((row) => row.items.length - 1)),
      rewards: Float32Array.from(transitions, ({ reward }) => reward),
      rewardSpreads: Float32Array.from(transitions, ({ spread }) => spread),
      candidateOffsets: offsetsOf(transitions.map(({ candidates }) => candidates.length)),
      candidates: Int32Array.from(transitions.flatMap(({ candidates }) => candidates)),
      candidateRewards: Float32Array.from(transitions.flatMap((one) => one.candidateRewards)),
      candidateRewardSpreads: Float32Array.from(
        transitions.flatMap((one) => one.candidateRewardSpreads),
      ),
      candidateChances: Float32Array.from(transitions.flatMap((one) => one.candidateChances)),
    },
  };
}

/** How often each item occurs in the users' histories (overlaps of rows once). */
export function countsOf({ rows, shape }: Golden): Int32Array {
  const counts = new Int32Array(shape.items);
  for (const { items, start } of rows) {
    for (const item of items.slice(start > 0 ? 1 : 0)) counts[item - 1]!++;
  }
  return counts;
}

/** A model of the golden file's shape with the settings of a case, dropout off. */
export function modelOf(
  golden: Golden,
  backbone: string,
  { preset, positionsFrom, settings }: GoldenCase,
) {
  const { objective, isActing, sampledItems, sampledLogCounts, ...rest } = settings;
  const { dimension, blocks, heads, window } = golden.shape;
  const model = modelConfig.parse({
    name: 'golden',
    backbone,
    objective,
    preset,
    dimension,
    blocks,
    heads,
    window,
    positionsFrom,
    dropout: 0,
    negatives: 4,
    sampledItems: Math.max(1, sampledItems.length),
    ...rest,
  });
  return resolveModel(trainingSettings.parse({}), model);
}

/** The bit pattern of a number that float16 can hold. */
function float16Bits(value: number): number {
  if (value === 0) return 0;
  const sign = value < 0 ? 0x8000 : 0;
  const size = Math.abs(value);
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const isSubnormal = size < 2 ** -14;
  const fraction = isSubnormal ? size * 2 ** 24 : (size / 2 ** exponent - 1) * 1024;
  return sign | ((isSubnormal ? 0 : exponent + 15) << 10) | Math.round(fraction);
}
