import { tf } from '#lib/graph/tensorflow.ts';
import type { SequenceInputs } from '../backbones/backbone.ts';
import { type BatchTensors, tensorOf } from '../data/batch.ts';
import { once } from '../once.ts';
import { bootstrapValue } from './bootstrap-value.ts';
import type { Design } from './design.ts';

/**
 * All positions of whole sequences in one causal pass. Every place's own value serves its negatives, and one place
 * later it is the next state's value of the place before: two passes without gradient serve all targets.
 */
export const lines: Design = {
  encode: (network, parameters, batch, dropout) =>
    flatten(network.backbone.encode(parameters, network.shape, inputsOf(batch), dropout).states),

  bootstrap(network, networks, batch, dropout) {
    const inputs = inputsOf(batch);
    const environment = batch.environmentStates;
    const encode = (parameters: typeof networks.main) =>
      network.backbone.encode(parameters, network.shape, inputs, dropout);
    const encodings = once(() => ({
      main: encode(networks.main),
      target: encode(networks.target),
    }));
    const current = once(() => {
      const { main, target } = encodings();
      const states = { main: flatten(main.states), target: flatten(target.states) };
      return bootstrapValue(networks, states, environment);
    });
    return {
      current,
      next: once(() => shiftBack(current(), inputs.items.shape)),
      consumed: once(() => {
        const actions = tf.reshape(tensorOf(batch, 'augmentedActions'), inputs.items.shape);
        const { main, target } = encodings();
        const states = {
          main: flatten(main.branch(actions as tf.Tensor2D)),
          target: flatten(target.branch(actions as tf.Tensor2D)),
        };
        // The LE knows no state after an action that never happened; the one before it stands in.
        return bootstrapValue(networks, states, environment);
      }),
    };
  },
};

/** What a batch of lines has for the backbone. */
export function inputsOf(batch: BatchTensors): SequenceInputs {
  return {
    items: tensorOf(batch, 'items'),
    positions: tensorOf(batch, 'positions'),
    ...(batch.room && { room: batch.room }),
    ...(batch.baskets && { baskets: batch.baskets }),
    ...(batch.times && { times: batch.times }),
    ...(batch.requests && { requests: batch.requests }),
  };
}

/** `[lines, time, state]` -> `[places, state]` */
export function flatten(states: tf.Tensor3D): tf.Tensor2D {
  return tf.reshape(states, [-1, states.shape[2]]);
}

/** `[places]`: each place's value becomes that of the place after it in its line; the last one's is 0. */
function shiftBack(values: tf.Tensor1D, [count, time]: [number, number]): tf.Tensor1D {
  const byLine = tf.reshape(values, [count, time]);
  const later = tf.slice(byLine, [0, 1], [count, time - 1]); // [lines, time - 1]
  const padded = tf.pad(later, [
    [0, 0],
    [0, 1],
  ]); // [lines, time]
  return tf.reshape(padded, [count * time]);
}
