import type * as tf from '@tensorflow/tfjs-core';
import type { LeaSettings, ResolvedModel } from '#lib/contracts/config/training.ts';
import type { ColumnTensors } from '../data/batch.ts';
import { type ObjectiveNeeds, usesAugmented } from '../data/layout.ts';

/**
 * The columns of a batch (`data/columns.ts`), its places in one row, `places` = `lines * time`. Places without a target
 * have weight 0. Reading a column that the model's settings do not ask for throws.
 */
export interface Places extends ColumnTensors {
  /** Scalar: 0 during the warm-up of actor and critic, 1 after it. Only for an objective with a warm-up. */
  readonly isActing: tf.Scalar;
}

/**
 * Double Q-learning's value of a state: `Q_target(s, argmax_a Q_main(s, a))`. No gradient; each is computed when asked
 * for. All `[places]`.
 */
export interface Bootstrap {
  /** Of the state after the logged action. */
  next(): tf.Tensor1D;
  /** Of the current state: where a negative action leaves the user. */
  current(): tf.Tensor1D;
  /** Of the state after the augmented action, as if it had been consumed. */
  consumed(): tf.Tensor1D;
}

/** Values of the main network, with gradient; each is computed when asked for. */
export interface Values {
  /** `Q(s, a+)`, `[places]` */
  positive(): tf.Tensor1D;
  /** `Q(s, a-)`, `[places, negatives]` */
  negatives(): tf.Tensor2D;
  /** `Q(s, a_LE)` of the augmented action, `[places]` */
  augmented(): tf.Tensor1D;
  /** `Q(s, argmax_a Q(s, a))`, `[places]` */
  best(): tf.Tensor1D;
  /** `log pi(a+ | s)` of the supervised head, without gradient, `[places]` */
  logProbability(): tf.Tensor1D;
}

/** What the Q head is to predict; no gradient flows into it. */
export interface Targets {
  /** `[places]` */
  readonly positive: tf.Tensor1D;
  /** `[places, negatives]`; undefined for an objective without negatives. */
  readonly negatives?: tf.Tensor2D;
  /** `[places]`; undefined without augmented actions. */
  readonly augmented?: tf.Tensor1D;
}

/** The parts of the loss that an objective decides on; training adds them up. */
export interface ObjectiveLoss {
  /** Weight of the cross-entropy of each logged action, no gradient, `[places]`. */
  readonly supervised: tf.Tensor1D;
  /** Weight of the cross-entropy of each augmented action, no gradient, `[places]`; undefined without them. */
  readonly augmented: tf.Tensor1D | undefined;
  /** Loss of the Q head at each place, before `reinforcementWeight`, `[places]`; undefined for none. */
  readonly reinforcement: tf.Tensor1D | undefined;
}

/** The settings that objectives read. */
export type ObjectiveSettings = Pick<
  ResolvedModel,
  | 'discount'
  | 'negatives'
  | 'conservativeWeight'
  | 'conservativeTemperature'
  | 'advantageRange'
  | 'propensityExponent'
> & { readonly lea: LeaSettings | undefined };

/** How supervision and reinforcement are joined. One objective is one file. */
export interface Objective extends ObjectiveNeeds {
  /** What the Q head is to predict; undefined without a Q head. */
  computeTarget(
    places: Places,
    bootstrap: Bootstrap,
    settings: ObjectiveSettings,
  ): Targets | undefined;
  computeLoss(
    places: Places,
    values: Values,
    targets: Targets | undefined,
    settings: ObjectiveSettings,
  ): ObjectiveLoss;
}

/** Weight of the cross-entropy of augmented actions where nothing else decides it; undefined without them. */
export function augmentedWeights(
  places: Places,
  settings: ObjectiveSettings,
): tf.Tensor1D | undefined {
  return usesAugmented(settings) ? places.augmentedWeights : undefined;
}
