import type { RandomStream } from '../random.ts';
import { float16Values } from './float16.ts';
import type { Batch, BatchLayout } from './layout.ts';
import type { TrainingRows } from './training-rows.ts';

/** One logged action: where it is in the rows and where it goes in the batch. */
export interface LoggedAction {
  /** Index of the action in `rows.items`. */
  readonly value: number;
  /** Its transition, -1 for the first action of a history, of which the LE knows nothing. */
  readonly transition: number;
  readonly place: number;
  /** True if a state follows it. */
  readonly isContinued: boolean;
  /** Items of the history before it. */
  readonly historyLength: number;
  /** Actions that follow it in the row. */
  readonly following: number;
}

/** Fills in everything about one logged action: target, rewards, augmented and negative actions. */
export function fillAction(
  rows: TrainingRows,
  layout: BatchLayout,
  batch: Batch,
  action: LoggedAction,
  random: RandomStream,
): void {
  const { value, transition, place } = action;
  const { environment } = rows;
  const { lea } = layout;
  const isAnswered =
    lea !== undefined && transition !== -1 && environment?.isAnswered[transition] === 1;
  const target = rows.items[value]!;
  batch.targets![place] = target;
  batch.weights![place] = 1;
  const base = rows.rewards[value]!;
  if (batch.rewards !== undefined && batch.continues !== undefined) {
    // LE rewards of positives average 1: the product keeps the mean of the base rewards (click 0.2, purchase 1).
    const factor =
      isAnswered && lea.reward !== 'off' && environment !== undefined
        ? environment.rewards[transition]!
        : 1;
    batch.rewards[place] = base * factor;
    batch.continues[place] = action.isContinued ? 1 : 0;
  }
  if (batch.historyShares !== undefined) {
    batch.historyShares[place] = action.historyLength / rows.longestHistory;
  }
  if (batch.propensities !== undefined) {
    batch.propensities[place] = rows.propensities[target - 1]!;
  }
  if (batch.augmentedActions !== undefined && isAnswered && environment !== undefined) {
    batch.augmentedActions[place] = environment.actions[transition]!;
    batch.augmentedWeights![place] = lea.augmentedWeight * environment.actionWeights[transition]!;
    if (batch.augmentedRewards !== undefined) {
      batch.augmentedRewards[place] = base * environment.actionRewards[transition]!;
    }
  }
  if (layout.futureActions > 0) fillFuture(rows, layout, batch, action);
  if (layout.negatives > 0) {
    fillNegatives(rows, layout, batch, action, isAnswered, random);
  }
}

/** The actions after the logged one, the `d`-th after the state with weight `1 / d`; the weights add up to 1. */
function fillFuture(
  rows: TrainingRows,
  layout: BatchLayout,
  batch: Batch,
  { value, place, following }: LoggedAction,
): void {
  const count = Math.min(layout.futureActions, following);
  let total = 0;
  for (let distance = 1; distance <= count + 1; distance++) total += 1 / distance;
  const begin = place * (layout.futureActions + 1);
  for (let later = 0; later <= count; later++) {
    batch.futureWeights![begin + later] = 1 / (later + 1) / total;
    if (later > 0) {
      batch.futureActions![place * layout.futureActions + later - 1] = rows.items[value + later]!;
    }
  }
}

/**
 * Negative actions: uniform over the items but the logged and the augmented one (history may be drawn, as in SNQN).
 * With LE rewards for negatives the LE's own candidates come first, with their rewards, scaled as the logged action's
 * is: all LE rewards of a state have one base.
 */
function fillNegatives(
  { environment, rewards: baseRewards }: TrainingRows,
  layout: BatchLayout,
  batch: Batch,
  { value, transition, place }: LoggedAction,
  isAnswered: boolean,
  random: RandomStream,
): void {
  const negatives = batch.negatives!;
  const rewards = batch.negativeRewards!;
  const begin = place * layout.negatives;
  let at = 0;
  if (layout.lea?.reward === 'all' && isAnswered && environment !== undefined) {
    const width = environment.candidatesPerTransition;
    for (let index = transition * width; index < (transition + 1) * width; index++) {
      if (environment.candidates[index] === 0 || at === layout.negatives) break;
      negatives[begin + at] = environment.candidates[index]!;
      rewards[begin + at] = baseRewards[value]! * environment.candidateRewards[index]!;
      at++;
    }
  }
  const target = batch.targets![place]!;
  const augmented = batch.augmentedActions?.[place] ?? 0;
  // A tiny catalogue may leave nothing but the logged action.
  const isAvoidable = layout.items > (augmented === 0 ? 1 : 2);
  for (; at < layout.negatives; at++) {
    let item = 1 + random.integer(layout.items);
    while (isAvoidable && (item === target || item === augmented)) {
      item = 1 + random.integer(layout.items);
    }
    negatives[begin + at] = item;
    rewards[begin + at] = layout.negativeReward;
  }
}

/**
 * Copies LE states, float16 to float32.
 *
 * @param value index of the item after which the first of them is
 * @param place where they go, counted in states
 */
export function copyStates(
  { environment }: TrainingRows,
  dimension: number,
  to: Float32Array | undefined,
  value: number,
  place: number,
  count: number,
): void {
  if (to === undefined || environment === undefined) return;
  const values = float16Values();
  const from = value * dimension;
  const begin = place * dimension;
  for (let index = 0; index < count * dimension; index++) {
    to[begin + index] = values[environment.states[from + index]!]!;
  }
}
