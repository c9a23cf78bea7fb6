import { tf } from '#lib/graph/tensorflow.ts';
import { isSameSequence, meanStates } from '../backbones/attention.ts';
import type { Encoding, SequenceInputs } from '../backbones/backbone.ts';
import { type BatchTensors, tensorOf } from '../data/batch.ts';
import { once } from '../once.ts';
import { bootstrapValue } from './bootstrap-value.ts';
import type { Design } from './design.ts';
import { flatten, inputsOf } from './lines.ts';

/**
 * Whole sequences of baskets in one pass. A place is that of an action; its state is the one after the basket before, so
 * that all items of a basket are predicted together, none from another one of its own.
 */
export const baskets: Design = {
  encode: (network, parameters, batch, dropout) => {
    const inputs = inputsOf(batch);
    const encoding = network.backbone.encode(parameters, network.shape, inputs, dropout);
    return statesBefore(encoding, inputs);
  },

  bootstrap(network, networks, batch, dropout) {
    const inputs = inputsOf(batch);
    const environment = batch.environmentStates;
    const encodings = once(() => {
      const encode = (parameters: typeof networks.main) =>
        network.backbone.encode(parameters, network.shape, inputs, dropout);
      return { main: encode(networks.main), target: encode(networks.target) };
    });
    const current = once(() => {
      const { main, target } = encodings();
      const states = { main: statesBefore(main, inputs), target: statesBefore(target, inputs) };
      return bootstrapValue(networks, states, environment);
    });
    return {
      current,
      next: once(() => nextValues(current(), batch)),
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

/** The state after the basket before that of each place, `[places, state]`; zeros before the first one. */
function statesBefore({ states }: Encoding, { positions, baskets }: SequenceInputs): tf.Tensor2D {
  const numbers = baskets!;
  const before = tf.sub(tf.expandDims(numbers, 2), tf.scalar(1, 'int32')); // [lines, time, 1]
  const isBefore = tf.logicalAnd(
    isSameSequence(positions),
    tf.equal(tf.expandDims(numbers, 1), before),
  ); // [lines, time, time]
  return flatten(meanStates(states, isBefore));
}

/** The value of the state after each place's action, `[places]`. */
function nextValues(values: tf.Tensor1D, batch: BatchTensors): tf.Tensor1D {
  return tf.gather(values as tf.Tensor, tensorOf(batch, 'nextPlaces')) as tf.Tensor1D;
}
