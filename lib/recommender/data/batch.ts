import type { LeaConfig } from '#lib/pipeline/config/training.ts';
import { type RandomStream, randomStream, shuffle } from '../random.ts';
import { float16Values } from './float16.ts';
import { type Placement, packRows } from './packing.ts';
import type { TrainingRows } from './training-rows.ts';

/** What a model's batches hold. */
export interface BatchLayout {
  readonly lines: number;
  /** Places of a line: `window`, and one more where a next state is needed. */
  readonly time: number;
  /** Size of the vocabulary. */
  readonly items: number;
  /** Negative actions a place; 0 for a model without reinforcement. */
  readonly negatives: number;
  /** Base reward of a negative action. */
  readonly negativeReward: number;
  /** True if the objective bootstraps from the next state. */
  readonly usesNextState: boolean;
  /** How the LE is used; undefined for not at all. */
  readonly lea: LeaConfig | undefined;
  /** Length of the LE state, 0 if the model does not see it. */
  readonly environmentDimension: number;
}

/** One step's input, row-major typed arrays. `places` = `lines * time`. */
export interface TrainingBatch {
  /** int32 `[places]`, 0 is padding. */
  readonly items: Int32Array;
  /** int32 `[places]`: place in the own sequence. */
  readonly positions: Int32Array;
  /** int32 `[places]`: the logged next action, 0 where there is none. */
  readonly targets: Int32Array;
  /** `[places]`: 1 where there is a target. */
  readonly weights: Float32Array;
  /** `[places]`: reward of the logged action. */
  readonly rewards: Float32Array;
  /** `[places]`: 1 where the next place is the next state, 0 at the end of a history. */
  readonly continues: Float32Array;
  /** `[places]`: items of the history up to here, as a share of the longest history. */
  readonly historyShares: Float32Array;
  /** int32 `[places, negatives]` */
  readonly negatives: Int32Array;
  /** `[places, negatives]` */
  readonly negativeRewards: Float32Array;
  /** int32 `[places]`: augmented positive action, 0 for none. */
  readonly augmentedActions: Int32Array;
  /** `[places]` */
  readonly augmentedRewards: Float32Array;
  /** `[places]`: alpha times confidence, 0 where there is none. */
  readonly augmentedWeights: Float32Array;
  /** `[places, environment]`: LE states. */
  readonly environmentStates: Float32Array;
}

/** Places that each row takes in a batch, `[rows]`. */
export function rowLengths(rows: TrainingRows, layout: BatchLayout): Int32Array {
  return Int32Array.from({ length: rows.rows }, (_, row) => {
    const items = rows.offsets[row + 1]! - rows.offsets[row]!;
    if (items < 2) return 0;
    // The last item is only a target, unless the history goes on: then its state bootstraps the last transition.
    return layout.usesNextState && rows.continuations[row] !== -1 ? items : items - 1;
  });
}

/** The batches of an epoch: every row once, in an order of its own. */
export function planEpoch(
  rows: TrainingRows,
  layout: BatchLayout,
  seed: number,
  epoch: number,
): Placement[][] {
  const order = shuffle(
    Int32Array.from({ length: rows.rows }, (_, row) => row),
    randomStream(seed, 'epoch', epoch),
  );
  const batches = packRows(rowLengths(rows, layout), order, layout.lines, layout.time);
  // The last batches hold what was left over; their place in the epoch must not be special.
  const places = shuffle(
    Int32Array.from(batches, (_, index) => index),
    randomStream(seed, 'batches', epoch),
  );
  return Array.from(places, (index) => batches[index]!);
}

/** Fills the arrays of one batch. The numbers depend on the arguments alone. */
export function assembleBatch(
  rows: TrainingRows,
  layout: BatchLayout,
  placements: readonly Placement[],
  random: RandomStream,
): TrainingBatch {
  const places = layout.lines * layout.time;
  const batch: TrainingBatch = {
    items: new Int32Array(places),
    positions: new Int32Array(places),
    targets: new Int32Array(places),
    weights: new Float32Array(places),
    rewards: new Float32Array(places),
    continues: new Float32Array(places),
    historyShares: new Float32Array(places),
    negatives: new Int32Array(places * layout.negatives),
    negativeRewards: new Float32Array(places * layout.negatives),
    augmentedActions: new Int32Array(places),
    augmentedRewards: new Float32Array(places),
    augmentedWeights: new Float32Array(places),
    environmentStates: new Float32Array(places * layout.environmentDimension),
  };
  for (const { row, line, begin } of placements) {
    const first = rows.offsets[row]!;
    const transitions = rows.offsets[row + 1]! - first - 1;
    const place = line * layout.time + begin;
    const isContinued = layout.usesNextState && rows.continuations[row] !== -1;
    const length = isContinued ? transitions + 1 : transitions;
    for (let at = 0; at < length; at++) {
      batch.items[place + at] = rows.items[first + at]!;
      batch.positions[place + at] = at;
    }
    copyStates(rows, layout, batch, first, place, length);
    for (let at = 0; at < transitions; at++) {
      const transition = first - row + at;
      fillTransition(rows, layout, batch, transition, first + at + 1, place + at);
      batch.continues[place + at] = at + 1 < length ? 1 : 0;
      batch.historyShares[place + at] = (rows.starts[row]! + at + 1) / rows.longestHistory;
      fillNegatives(rows, layout, batch, transition, place + at, random);
    }
  }
  return batch;
}

function fillTransition(
  rows: TrainingRows,
  { lea }: BatchLayout,
  batch: TrainingBatch,
  transition: number,
  value: number,
  place: number,
): void {
  const { environment } = rows;
  batch.targets[place] = rows.items[value]!;
  batch.weights[place] = 1;
  batch.rewards[place] = rows.rewards[value]!;
  if (lea === undefined || environment?.isAnswered[transition] !== 1) return;
  if (lea.reward !== 'off') {
    // LE rewards of positives average 1: the product keeps the mean of the base rewards (click 0.2, purchase 1).
    batch.rewards[place] = rows.rewards[value]! * environment.rewards[transition]!;
  }
  batch.augmentedActions[place] = environment.actions[transition]!;
  batch.augmentedRewards[place] = environment.actionRewards[transition]!;
  batch.augmentedWeights[place] = lea.augmentedWeight * environment.actionWeights[transition]!;
}

/**
 * Negative actions: uniform over the items but the logged and the augmented one (history may be drawn, as in SNQN).
 * With LE rewards for negatives the LE's own candidates come first, with their rewards.
 */
function fillNegatives(
  rows: TrainingRows,
  layout: BatchLayout,
  batch: TrainingBatch,
  transition: number,
  place: number,
  random: RandomStream,
): void {
  const begin = place * layout.negatives;
  let at = 0;
  const { environment } = rows;
  if (layout.lea?.reward === 'all' && environment?.isAnswered[transition] === 1) {
    const width = environment.candidatesPerTransition;
    for (let index = transition * width; index < (transition + 1) * width; index++) {
      if (environment.candidates[index] === 0 || at === layout.negatives) break;
      batch.negatives[begin + at] = environment.candidates[index]!;
      batch.negativeRewards[begin + at] = environment.candidateRewards[index]!;
      at++;
    }
  }
  const target = batch.targets[place]!;
  const augmented = batch.augmentedActions[place]!;
  // A tiny catalogue may leave nothing but the logged action.
  const isAvoidable = layout.items > (augmented === 0 ? 1 : 2);
  for (; at < layout.negatives; at++) {
    let item = 1 + random.integer(layout.items);
    while (isAvoidable && (item === target || item === augmented)) {
      item = 1 + random.integer(layout.items);
    }
    batch.negatives[begin + at] = item;
    batch.negativeRewards[begin + at] = layout.negativeReward;
  }
}

function copyStates(
  { environment }: TrainingRows,
  { environmentDimension }: BatchLayout,
  batch: TrainingBatch,
  first: number,
  place: number,
  length: number,
): void {
  if (environmentDimension === 0 || environment === undefined) return;
  const values = float16Values();
  const from = first * environmentDimension;
  const to = place * environmentDimension;
  for (let index = 0; index < length * environmentDimension; index++) {
    batch.environmentStates[to + index] = values[environment.states[from + index]!]!;
  }
}
