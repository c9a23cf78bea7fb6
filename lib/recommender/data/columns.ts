import { secondsSince } from '../history-arrays.ts';
import {
  answerOf,
  augmentedActionOf,
  augmentedRewardOf,
  copyState,
  fillFutureWeights,
  fillNegativeRewards,
  fillNegatives,
  futureActionsOf,
  historyBefore,
  historyWith,
  type LineState,
  type LoggedAction,
  loggedRewardOf,
  type WholeBatch,
} from './actions.ts';
import { type BatchLayout, usesAugmented } from './layout.ts';

/** An array of a batch: what it is, who asks for it, and how it is filled. */
export interface Column<Values = Int32Array | Float32Array, Shape = readonly number[]> {
  readonly dtype: 'int32' | 'float32';
  shape(layout: BatchLayout): Shape;
  /** True if a model's batches have it. */
  isAsked(layout: BatchLayout): boolean;
  /** Fills in what belongs to a state; `lines` alone. */
  perState?(to: Values, state: LineState): void;
  /** Fills in what belongs to a sample, a history and the action after it; `prefixes` alone. */
  perSample?(to: Values, action: LoggedAction): void;
  /** Fills in what belongs to a logged action, in `lines` and `prefixes`. */
  perAction?(to: Values, action: LoggedAction): void;
  /** Fills the array, once per batch. */
  perBatch?(to: Values, batch: WholeBatch): void;
}

type Definition<Values, Shape> = Omit<Column<Values, Shape>, 'dtype'>;
type Sizes = readonly [number] | readonly [number, number];

const int32 = <Shape extends Sizes>(column: Definition<Int32Array, Shape>) =>
  ({ dtype: 'int32', ...column }) as const;
const float32 = <Shape extends Sizes>(column: Definition<Float32Array, Shape>) =>
  ({ dtype: 'float32', ...column }) as const;

const isPrefixes = ({ kind }: BatchLayout) => kind === 'prefixes';
const isLines = ({ kind }: BatchLayout) => kind !== 'prefixes';
const isBaskets = ({ kind }: BatchLayout) => kind === 'baskets';
const seesTime = ({ model }: BatchLayout) => model.timeAttention;
const usesNextState = ({ objective }: BatchLayout) => objective.usesNextState;
const usesNextLines = (layout: BatchLayout) => isPrefixes(layout) && usesNextState(layout);
const learnsAugmented = ({ model }: BatchLayout) => usesAugmented(model);
const usesNegatives = ({ objective }: BatchLayout) => objective.usesNegatives;
const seesEnvironment = ({ environmentDimension }: BatchLayout) => environmentDimension > 0;
const usesConsumed = (layout: BatchLayout) =>
  usesNextLines(layout) &&
  learnsAugmented(layout) &&
  layout.model.lea?.augmentedBootstrap === 'consumed';

const perLine = ({ lines }: BatchLayout): readonly [number] => [lines];
const perTime = ({ lines, time }: BatchLayout): readonly [number, number] => [lines, time];
const perPlace = ({ places }: BatchLayout): readonly [number] => [places];
const perEnvironment = (layout: BatchLayout): readonly [number, number] => [
  layout.places,
  layout.environmentDimension,
];
const perNegative = ({ places, model }: BatchLayout): readonly [number, number] => [
  places,
  model.negatives,
];

/**
 * Every column of a training batch, padding 0. This table is all that there is to say about one: the arrays, the threads
 * that fill them, the inputs of the graph and what objectives may read follow from it. A column draws from
 * `action.random` in the order of the table.
 */
export const columns = {
  /** Items of the histories. `[lines, time]` */
  items: int32({
    shape: perTime,
    isAsked: () => true,
    perState: (to, { place, value, rows }) => {
      to[place] = value === -1 ? 0 : rows.items[value]!;
    },
    perSample: (to, action) =>
      to.set(historyBefore(action, action.layout.time), action.place * action.layout.time),
  }),
  /** Place in the own sequence. `[lines, time]` */
  positions: int32({
    shape: perTime,
    isAsked: isLines,
    perState: (to, { place, at }) => {
      to[place] = at;
    },
  }),
  /** By how many steps the own sequence is shorter than the window. `[lines, time]` */
  room: int32({
    shape: perTime,
    isAsked: (layout) =>
      isLines(layout) && layout.model.backbone === 'sasrec' && layout.model.positionsFrom === 'end',
    perState: (to, { place, room }) => {
      to[place] = room;
    },
  }),
  /** Number of each item's basket in its own sequence. `[lines, time]` */
  baskets: int32({
    shape: perTime,
    isAsked: isBaskets,
    perState: (to, { place, basket }) => {
      to[place] = basket;
    },
  }),
  /** Place of the state after this place's action, which one line may share with others. `[places]` */
  nextPlaces: int32({
    shape: perPlace,
    isAsked: (layout) => isBaskets(layout) && usesNextState(layout),
    perState: (to, { place, next }) => {
      to[place] = next;
    },
  }),
  /** Seconds from the begin of the own sequence to each item, and to the request after it. `[lines, time]` */
  times: int32({
    shape: perTime,
    isAsked: seesTime,
    perState: (to, { rows, place, value, begun, request }) => {
      const time = value === -1 ? request : rows.timestamps[value]!;
      to[place] = secondsSince(begun, time);
    },
  }),
  requests: int32({
    shape: perTime,
    isAsked: seesTime,
    perState: (to, { place, begun, request }) => {
      to[place] = secondsSince(begun, request);
    },
  }),
  /** Items of each history. `[lines]` */
  lengths: int32({
    shape: perLine,
    isAsked: isPrefixes,
    perSample: (to, action) => {
      to[action.place] = historyBefore(action, action.layout.time).length;
    },
  }),
  /** The logged next action, 0 where there is none. `[places]` */
  targets: int32({
    shape: perPlace,
    isAsked: () => true,
    perAction: (to, { place, value, rows }) => {
      to[place] = rows.items[value]!;
    },
  }),
  /** 1 where there is a logged next action. `[places]` */
  weights: float32({
    shape: perPlace,
    isAsked: () => true,
    perAction: (to, { place }) => {
      to[place] = 1;
    },
  }),
  /** Reward of the logged action. `[places]` */
  rewards: float32({
    shape: perPlace,
    isAsked: usesNextState,
    perAction: (to, action) => {
      to[action.place] = loggedRewardOf(action);
    },
  }),
  /** 1 where the history goes on after the action, 0 where it ends. `[places]` */
  continues: float32({
    shape: perPlace,
    isAsked: usesNextState,
    perAction: (to, { place, isContinued }) => {
      to[place] = isContinued ? 1 : 0;
    },
  }),
  /** As `items` and `lengths`, with the logged action consumed. `[lines, time]`, `[lines]` */
  nextItems: int32({
    shape: perTime,
    isAsked: usesNextLines,
    perSample: (to, action) =>
      to.set(historyWith(action, action.layout.time), action.place * action.layout.time),
  }),
  nextLengths: int32({
    shape: perLine,
    isAsked: usesNextLines,
    perSample: (to, action) => {
      to[action.place] = historyWith(action, action.layout.time).length;
    },
  }),
  /** The same with the augmented action consumed. `[lines, time]`, `[lines]` */
  consumedItems: int32({
    shape: perTime,
    isAsked: usesConsumed,
    perSample: (to, action) => {
      const { place, layout } = action;
      const kept = historyBefore(action, layout.time - 1);
      to.set(kept, place * layout.time);
      to[place * layout.time + kept.length] = augmentedActionOf(action);
    },
  }),
  consumedLengths: int32({
    shape: perLine,
    isAsked: usesConsumed,
    perSample: (to, action) => {
      to[action.place] = historyBefore(action, action.layout.time - 1).length + 1;
    },
  }),
  /** Items of the history up to here, as a share of the longest history. `[places]` */
  historyShares: float32({
    shape: perPlace,
    isAsked: ({ objective }) => objective.name === 'auxiliary',
    perAction: (to, { place, historyLength, rows }) => {
      to[place] = historyLength / rows.longestHistory;
    },
  }),
  /** Share of the logged action among all training actions. `[places]` */
  propensities: float32({
    shape: perPlace,
    isAsked: ({ objective, model }) => objective.name === 'sa2c' && model.propensityExponent > 0,
    perAction: (to, { place, value, rows }) => {
      to[place] = rows.propensities[rows.items[value]! - 1]!;
    },
  }),
  /** Augmented positive action, 0 for none. `[places]` */
  augmentedActions: int32({
    shape: perPlace,
    isAsked: learnsAugmented,
    perAction: (to, action) => {
      to[action.place] = augmentedActionOf(action);
    },
  }),
  /** Its weight, `augmentedWeight` times confidence, 0 where there is none. `[places]` */
  augmentedWeights: float32({
    shape: perPlace,
    isAsked: learnsAugmented,
    perAction: (to, action) => {
      const confidence = answerOf(action)?.actionWeights[action.transition] ?? 0;
      to[action.place] = action.layout.model.lea!.augmentedWeight * confidence;
    },
  }),
  /** Its reward. `[places]` */
  augmentedRewards: float32({
    shape: perPlace,
    isAsked: (layout) => learnsAugmented(layout) && usesNextState(layout),
    perAction: (to, action) => {
      to[action.place] = augmentedRewardOf(action);
    },
  }),
  /** Items that stand for what is not wanted. `[places, negatives]` */
  negatives: int32({
    shape: perNegative,
    isAsked: usesNegatives,
    perAction: (to, action) => {
      fillNegatives(to, action, learnsAugmented(action.layout) ? augmentedActionOf(action) : 0);
    },
  }),
  /** Their rewards. `[places, negatives]` */
  negativeRewards: float32({
    shape: perNegative,
    isAsked: usesNegatives,
    perAction: fillNegativeRewards,
  }),
  /** LE states. `[places, environment]` */
  environmentStates: float32({
    shape: perEnvironment,
    isAsked: seesEnvironment,
    perState: (to, state) => {
      if (state.after !== -1) copyState(to, state, state.place, state.after);
    },
    perSample: (to, action) => {
      // Before the first action of a history there is no state.
      if (action.transition !== -1) copyState(to, action, action.place, action.value - 1);
    },
  }),
  /** The same after the logged action. `[places, environment]` */
  nextEnvironmentStates: float32({
    shape: perEnvironment,
    isAsked: (layout) => seesEnvironment(layout) && usesNextLines(layout),
    perSample: (to, action) => copyState(to, action, action.place, action.value),
  }),
  /** Actions after the logged one that count as right too, 0 where there are none. `[places, futureActions]` */
  futureActions: int32({
    shape: ({ places, model }) => [places, model.futureActions],
    isAsked: ({ model }) => model.futureActions > 0,
    perAction: (to, action) =>
      to.set(futureActionsOf(action), action.place * action.layout.model.futureActions),
  }),
  /** Weights of the logged and these actions, which add up to 1. `[places, 1 + futureActions]` */
  futureWeights: float32({
    shape: ({ places, model }) => [places, 1 + model.futureActions],
    isAsked: ({ model }) => model.futureActions > 0,
    perAction: fillFutureWeights,
  }),
  /** Items that a sampled loss compares with. `[sampled]` */
  sampledItems: int32({
    shape: ({ sampledItems }) => [sampledItems],
    isAsked: ({ sampledItems }) => sampledItems > 0,
    perBatch: (to, batch) => to.set(batch.sampled().items),
  }),
  /** log of the number of times that each was expected to be drawn. `[sampled]` */
  sampledLogCounts: float32({
    shape: ({ sampledItems }) => [sampledItems],
    isAsked: ({ sampledItems }) => sampledItems > 0,
    perBatch: (to, batch) => to.set(batch.sampled().logCounts),
  }),
};

export type ColumnName = keyof typeof columns;
