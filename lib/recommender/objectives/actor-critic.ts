import * as tf from '@tensorflow/tfjs-core';
import type { ObjectiveLoss, ObjectiveSettings, Places, Targets, Values } from './objective.ts';
import { temporalDifferenceLoss } from './temporal-difference.ts';

/**
 * The losses of an actor and its critic: once the warm-up is over, the cross-entropy of an action is weighted by what the Q
 * head says of it, and the Q head learns on.
 *
 * @param weightOf the weight that follows from a value of the Q head, `[places]`; no gradient flows into it
 */
export function actorCriticLoss(
  places: Places,
  values: Values,
  targets: Targets,
  settings: ObjectiveSettings,
  weightOf: (value: tf.Tensor1D) => tf.Tensor,
): ObjectiveLoss {
  const actor = (weights: tf.Tensor1D, value: tf.Tensor1D) => {
    const isActing = tf.mul(places.isActing, tf.sub(withoutGradient(weightOf(value)), 1));
    return tf.mul(weights, tf.add(1, isActing)) as tf.Tensor1D; // [places]
  };
  return {
    supervised: actor(places.weights, values.positive()),
    augmented:
      targets.augmented === undefined
        ? undefined
        : actor(places.augmentedWeights, values.augmented()),
    reinforcement: temporalDifferenceLoss(places, values, targets, settings),
  };
}

/** The same numbers, but automatic differentiation stops here. */
function withoutGradient<T extends tf.Tensor>(x: T): T {
  const stop = tf.customGrad((input) => ({
    value: tf.clone(input as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return stop(x) as T;
}
