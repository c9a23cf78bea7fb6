import type * as tf from '@tensorflow/tfjs-core';
import type { LeaConfig, ResolvedModel } from '#lib/contracts/config/training.ts';

/** A batch with its places in one row, `places` = `lines * time`. Places without a target have weight 0. */
export interface Places {
  /** `[places]`: 1 where there is a logged next action. */
  readonly weights: tf.Tensor1D;
  /** `[places]`: reward of the logged action. */
  readonly rewards: tf.Tensor1D;
  /** `[places]`: 1 where the sequence goes on after the action, 0 where it ends. */
  readonly continues: tf.Tensor1D;
  /** `[places, negatives]`: reward of each negative action. */
  readonly negativeRewards: tf.Tensor2D;
  /** `[places]`: weight of the augmented positive action, 0 where there is none. */
  readonly augmentedWeights: tf.Tensor1D;
  /** `[places]` */
  readonly augmentedRewards: tf.Tensor1D;
  /** `[places]`: items of the sequence up to here, as a share of the longest history. */
  readonly historyShares: tf.Tensor1D;
  /** `[places]`: how often the logged action occurs in the training data, a share of all actions. */
  readonly propensities: tf.Tensor1D;
  /** Scalar: 0 during the warm-up of actor and critic, 1 after it. */
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
  /** Weight of the cross-entropy of each augmented action, no gradient, `[places]`. */
  readonly augmented: tf.Tensor1D;
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
> & { readonly lea: LeaConfig | undefined };

/** How supervision and reinforcement are joined. One objective is one file. */
export interface Objective {
  readonly name: ResolvedModel['objective'];
  readonly usesQHead: boolean;
  readonly usesNegatives: boolean;
  /** True if the targets look at the state after the logged action. */
  readonly usesNextState: boolean;
  /** True if the loss changes after the warm-up. */
  readonly hasWarmUp: boolean;
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

/** True if the model learns from augmented positive actions. */
export function usesAugmented({ lea }: ObjectiveSettings): boolean {
  return lea !== undefined && lea.augmentedWeight > 0;
}
