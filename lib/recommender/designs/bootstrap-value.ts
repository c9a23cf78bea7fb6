import { tf } from '#lib/graph/tensorflow.ts';
import type { Parameters } from '../backbones/backbone.ts';
import { bestItems } from '../best-items.ts';
import { enrich, qHead, valuesOf } from '../heads.ts';

/**
 * `Q_target(s, argmax_a Q_main(s, a))`: the main network chooses, the target network judges (double Q-learning).
 *
 * @param states of the same places by both networks, `[places, state]`
 * @param environment LE states, `[places, environment]`
 * @returns `[places]`
 */
export function bootstrapValue(
  networks: { readonly main: Parameters; readonly target: Parameters },
  states: { readonly main: tf.Tensor2D; readonly target: tf.Tensor2D },
  environment: tf.Tensor2D | undefined,
): tf.Tensor1D {
  const { main, target } = networks;
  const best = bestItems(qHead(main), enrich(main, states.main, environment)); // [places]
  const values = valuesOf(
    qHead(target),
    enrich(target, states.target, environment),
    tf.expandDims(best, 1),
  ); // [places, 1]
  return tf.squeeze(values, [1]);
}
