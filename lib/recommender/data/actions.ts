import { augmentedReward, loggedReward } from '#lib/environment/preference.ts';
import type { RandomStream } from '../random.ts';
import type { EnvironmentRows } from './environment-rows.ts';
import { float16Values } from './float16.ts';
import type { BatchLayout } from './layout.ts';
import type { TrainingRows } from './training-rows.ts';

/** A place of a line: an item of a sequence, and the state that a place stands for. */
export interface LineState {
  readonly rows: TrainingRows;
  readonly layout: BatchLayout;
  /** Where it is in the batch. */
  readonly place: number;
  /** Index of the item in `rows.items`, `rows.timestamps`, ...; -1 for a place without one, which has a state alone. */
  readonly value: number;
  /** Place of the item in its sequence, from 0. */
  readonly at: number;
  /** Number of its basket there, from 0; without baskets every item is one. */
  readonly basket: number;
  /** By how many steps (items, or baskets) that are learned from the sequence is shorter than the window. */
  readonly room: number;
  /** Index of the item after which the state is, -1 for none. */
  readonly after: number;
  /** When the sequence begins, and when the list after this item was asked for, Unix seconds. */
  readonly begun: number;
  readonly request: number;
  /** Place that stands for the state after this place's own action, itself where there is none. */
  readonly next: number;
}

/** A logged action: where it is in the rows and in its history, and where it goes in the batch. */
export interface LoggedAction {
  readonly rows: TrainingRows;
  readonly layout: BatchLayout;
  readonly place: number;
  /** Index of the action in `rows.items`, `rows.timestamps`, ... */
  readonly value: number;
  /** Its transition, -1 for the first action of a history, of which the LE knows nothing. */
  readonly transition: number;
  /** True if a state follows it. */
  readonly isContinued: boolean;
  /** Items of the user's history before it. */
  readonly historyLength: number;
  /** Items of a history (of a row for lines, of the user for prefixes) from `begin` to `end - 1`; the action is at `at`. */
  readonly history: Int32Array;
  readonly begin: number;
  readonly at: number;
  readonly end: number;
  /** A stream of the batch; what is drawn depends on the order of the actions. */
  readonly random: RandomStream;
}

/** A batch as a whole. */
export interface WholeBatch {
  readonly rows: TrainingRows;
  readonly layout: BatchLayout;
  /** The items that a sampled loss compares with, and logs of how often each was expected, `[sampled]`. */
  sampled(): { readonly items: Int32Array; readonly logCounts: Float32Array };
}

/** What the LE said of the action's state, undefined where it did not or nothing uses it. */
export function answerOf({ rows, layout, transition }: LoggedAction): EnvironmentRows | undefined {
  const { environment } = rows;
  if (layout.model.lea === undefined || transition === -1) return undefined;
  return environment?.isAnswered[transition] === 1 ? environment : undefined;
}

/** The logged action's base reward with what the LE makes of it. */
export function loggedRewardOf(action: LoggedAction): number {
  const base = action.rows.rewards[action.value]!;
  const environment = answerOf(action);
  const { lea, negativeReward } = action.layout.model;
  if (environment === undefined || lea === undefined || lea.reward === 'off') return base;
  const said = environment.rewards[action.transition]!;
  // LE rewards of positives average 1: the product keeps the mean of the base rewards (click 0.2, purchase 1).
  if (lea.reward !== 'preference') return base * said;
  return loggedReward(base, said, lea.rewardWeight, negativeReward);
}

/** The augmented action's reward on the base of the logged one, 0 where there is none. */
export function augmentedRewardOf(action: LoggedAction): number {
  const environment = answerOf(action);
  const { lea } = action.layout.model;
  if (environment === undefined || lea === undefined) return 0;
  const base = action.rows.rewards[action.value]!;
  if (environment.actions[action.transition] === 0) return 0;
  const said = environment.actionRewards[action.transition]!;
  if (lea.reward === 'off') return base;
  if (lea.reward !== 'preference') return base * said;
  return augmentedReward(base, said, lea.rewardWeight, loggedRewardOf(action));
}

/** The augmented action, 0 for none. */
export function augmentedActionOf(action: LoggedAction): number {
  return answerOf(action)?.actions[action.transition] ?? 0;
}

/** The LE's other candidates that stand for negatives, none unless their rewards are used. */
function candidatesOf(action: LoggedAction): { from: number; count: number } {
  const environment = answerOf(action);
  const { lea, negatives } = action.layout.model;
  if (environment === undefined || lea?.reward !== 'all') return { from: 0, count: 0 };
  const width = environment.candidatesPerTransition;
  const from = action.transition * width;
  let count = 0;
  while (count < Math.min(width, negatives) && environment.candidates[from + count] !== 0) count++;
  return { from, count };
}

/**
 * Negative actions: uniform over the items but the logged and the augmented one (history may be drawn, as in SNQN).
 * With LE rewards for negatives the LE's own candidates come first.
 */
export function fillNegatives(to: Int32Array, action: LoggedAction, augmented: number): void {
  const { rows, layout, random } = action;
  const { negatives } = layout.model;
  const begin = action.place * negatives;
  const { from, count } = candidatesOf(action);
  for (let at = 0; at < count; at++) to[begin + at] = rows.environment!.candidates[from + at]!;
  const target = rows.items[action.value]!;
  // A tiny catalogue may leave nothing but the logged action.
  const isAvoidable = layout.items > (augmented === 0 ? 1 : 2);
  for (let at = count; at < negatives; at++) {
    let item = 1 + random.integer(layout.items);
    while (isAvoidable && (item === target || item === augmented)) {
      item = 1 + random.integer(layout.items);
    }
    to[begin + at] = item;
  }
}

/** Their rewards; the LE's are scaled as the logged action's is: all LE rewards of a state have one base. */
export function fillNegativeRewards(to: Float32Array, action: LoggedAction): void {
  const { rows, place, value } = action;
  const { negatives, negativeReward } = action.layout.model;
  const begin = place * negatives;
  const { from, count } = candidatesOf(action);
  for (let at = 0; at < count; at++) {
    to[begin + at] = rows.rewards[value]! * rows.environment!.candidateRewards[from + at]!;
  }
  to.fill(negativeReward, begin + count, begin + negatives);
}

/** Actions that follow the logged one and count as right too. */
export function futureActionsOf({ layout, history, at, end }: LoggedAction): Int32Array {
  return history.subarray(at + 1, Math.min(end, at + 1 + layout.model.futureActions));
}

/** Weights `1 / d` of the logged action and those after it, which add up to 1. */
export function fillFutureWeights(to: Float32Array, action: LoggedAction): void {
  const count = 1 + futureActionsOf(action).length;
  let total = 0;
  for (let distance = 1; distance <= count; distance++) total += 1 / distance;
  const begin = action.place * (action.layout.model.futureActions + 1);
  for (let later = 0; later < count; later++) to[begin + later] = 1 / (later + 1) / total;
}

/** The last items before the action, at most `window` of them. */
export function historyBefore(action: LoggedAction, window: number): Int32Array {
  return action.history.subarray(Math.max(action.begin, action.at - window), action.at);
}

/** The same with the action itself as the last. */
export function historyWith(action: LoggedAction, window: number): Int32Array {
  return action.history.subarray(Math.max(action.begin, action.at + 1 - window), action.at + 1);
}

/**
 * Copies an LE state, float16 to float32.
 *
 * @param value index of the item after which it is
 */
export function copyState(
  to: Float32Array,
  { rows: { environment }, layout: { environmentDimension: dimension } }: LineState | LoggedAction,
  place: number,
  value: number,
): void {
  if (environment === undefined) return;
  const values = float16Values();
  for (let index = 0; index < dimension; index++) {
    to[place * dimension + index] = values[environment.states[value * dimension + index]!]!;
  }
}
