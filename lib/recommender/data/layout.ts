import type { LeaConfig } from '#lib/contracts/config/training.ts';
import { emptyValues, type TensorSpec } from '#lib/graph/specification.ts';

/** What a model's batches hold. `places` are the states that a step learns from. */
export interface BatchLayout {
  /**
   * `lines`: whole sequences, every position a place, next states a place later. `prefixes`: one history per place, next
   * states in lines of their own.
   */
  readonly kind: 'lines' | 'prefixes';
  readonly lines: number;
  /** Positions of a line. */
  readonly time: number;
  /** Longest history, in items. */
  readonly window: number;
  /** Positions are counted from the end of a sequence (lines only). */
  readonly usesRoom: boolean;
  /** `lines * time`, or `lines` for prefixes. */
  readonly places: number;
  /** Size of the vocabulary. */
  readonly items: number;
  /** Negative actions per place; 0 for none. */
  readonly negatives: number;
  /** Base reward of a negative action. */
  readonly negativeReward: number;
  /** The Q head bootstraps: rewards and next states are needed. */
  readonly usesNextState: boolean;
  readonly usesHistoryShares: boolean;
  readonly usesPropensities: boolean;
  /** Augmented positive actions are learned from. */
  readonly usesAugmented: boolean;
  /** Places after the augmented action are needed in lines of their own (prefixes only). */
  readonly usesConsumed: boolean;
  /** How the LE is used; undefined for not at all. */
  readonly lea: LeaConfig | undefined;
  /** Length of the LE state, 0 if the model does not see it. */
  readonly environmentDimension: number;
  /** Actions after the logged one that count as right too. */
  readonly futureActions: number;
  /** Items that a sampled loss compares with, 0 for a loss over the whole catalogue. */
  readonly sampledItems: number;
}

/** Every array of a batch, by name. The first group is always there. */
export interface BatchArrays {
  /** int32 `[lines, time]`, 0 is padding. */
  readonly items: Int32Array;
  /** int32 `[lines, time]`: place in the own sequence (lines). */
  readonly positions: Int32Array;
  /** int32 `[lines, time]`: by how many transitions the own sequence is shorter than the window, 0 if it goes on (lines). */
  readonly room: Int32Array;
  /** int32 `[lines]`: items of each history (prefixes). */
  readonly lengths: Int32Array;
  /** int32 `[places]`: the logged next action, 0 where there is none. */
  readonly targets: Int32Array;
  /** `[places]`: 1 where there is a target. */
  readonly weights: Float32Array;
  /** `[places]`: reward of the logged action. */
  readonly rewards: Float32Array;
  /** `[places]`: 1 where the history goes on after the action. */
  readonly continues: Float32Array;
  /** As `items` and `lengths`, with the logged action consumed (prefixes). */
  readonly nextItems: Int32Array;
  readonly nextLengths: Int32Array;
  /** The same with the augmented action consumed (prefixes). */
  readonly consumedItems: Int32Array;
  readonly consumedLengths: Int32Array;
  /** `[places]`: items of the history up to here, as a share of the longest history. */
  readonly historyShares: Float32Array;
  /** `[places]`: share of the logged action among all training actions. */
  readonly propensities: Float32Array;
  /** int32 `[places, negatives]` */
  readonly negatives: Int32Array;
  /** `[places, negatives]` */
  readonly negativeRewards: Float32Array;
  /** int32 `[places]`: augmented positive action, 0 for none. */
  readonly augmentedActions: Int32Array;
  /** `[places]`: alpha times confidence, 0 where there is none. */
  readonly augmentedWeights: Float32Array;
  /** `[places]` */
  readonly augmentedRewards: Float32Array;
  /** `[places, environment]`: LE states. */
  readonly environmentStates: Float32Array;
  /** The same after the logged action (prefixes). */
  readonly nextEnvironmentStates: Float32Array;
  /** int32 `[places, futureActions]`: actions after the logged one, 0 where there are none. */
  readonly futureActions: Int32Array;
  /** `[places, 1 + futureActions]`: weights of the logged and these actions, which add up to 1. */
  readonly futureWeights: Float32Array;
  /** int32 `[sampled]`: items that a sampled loss compares with. */
  readonly sampledItems: Int32Array;
  /** `[sampled]`: log of the number of times that each was expected to be drawn. */
  readonly sampledLogCounts: Float32Array;
}

/** The arrays that a model's steps take. */
export type Batch = Readonly<Partial<BatchArrays>>;

/** Shapes and types of the arrays that a layout has. */
export function batchSpecs(layout: BatchLayout): Partial<Record<keyof BatchArrays, TensorSpec>> {
  const { lines, time, places } = layout;
  const int = (...shape: number[]): TensorSpec => ({ shape, dtype: 'int32' });
  const float = (...shape: number[]): TensorSpec => ({ shape, dtype: 'float32' });
  const isPrefixes = layout.kind === 'prefixes';
  const seesEnvironment = layout.environmentDimension > 0;
  return {
    items: int(lines, time),
    ...(isPrefixes ? { lengths: int(lines) } : { positions: int(lines, time) }),
    ...(layout.usesRoom && { room: int(lines, time) }),
    targets: int(places),
    weights: float(places),
    ...(layout.usesNextState && { rewards: float(places), continues: float(places) }),
    ...(layout.usesNextState &&
      isPrefixes && { nextItems: int(lines, time), nextLengths: int(lines) }),
    ...(layout.usesConsumed && { consumedItems: int(lines, time), consumedLengths: int(lines) }),
    ...(layout.usesHistoryShares && { historyShares: float(places) }),
    ...(layout.usesPropensities && { propensities: float(places) }),
    ...(layout.negatives > 0 && {
      negatives: int(places, layout.negatives),
      negativeRewards: float(places, layout.negatives),
    }),
    ...(layout.usesAugmented && { augmentedActions: int(places), augmentedWeights: float(places) }),
    ...(layout.usesAugmented && layout.usesNextState && { augmentedRewards: float(places) }),
    ...(seesEnvironment && { environmentStates: float(places, layout.environmentDimension) }),
    ...(seesEnvironment &&
      layout.usesNextState &&
      isPrefixes && { nextEnvironmentStates: float(places, layout.environmentDimension) }),
    ...(layout.futureActions > 0 && {
      futureActions: int(places, layout.futureActions),
      futureWeights: float(places, 1 + layout.futureActions),
    }),
    ...(layout.sampledItems > 0 && {
      sampledItems: int(layout.sampledItems),
      sampledLogCounts: float(layout.sampledItems),
    }),
  };
}

/** Arrays of zeros of every name that a layout has. */
export function emptyBatch(layout: BatchLayout): Batch {
  return Object.fromEntries(
    Object.entries(batchSpecs(layout)).map(([name, spec]) => [name, emptyValues(spec)]),
  ) as Batch;
}
