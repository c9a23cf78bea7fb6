import { tf } from '#lib/graph/tensorflow.ts';
import type { Dropout, HistoryInputs, Parameters } from '../backbones/backbone.ts';
import { type BatchTensors, tensorOf } from '../data/batch.ts';
import type { Network } from '../network.ts';
import { once } from '../once.ts';
import { lastStates } from '../score.ts';
import { bootstrapValue } from './bootstrap-value.ts';
import type { Design } from './design.ts';

/**
 * One history per place, as in the SQN and SNQN code: the states before and after the action are windows of their own, each
 * encoded by both networks.
 */
export const prefixes: Design = {
  encode: (network, parameters, batch, dropout) =>
    encodeLast(network, parameters, inputsOf(batch, 'items', 'lengths'), dropout),

  bootstrap(network, networks, batch, dropout) {
    const value = (inputs: HistoryInputs, environment: tf.Tensor2D | undefined) => {
      const encode = (parameters: Parameters) => encodeLast(network, parameters, inputs, dropout);
      const states = { main: encode(networks.main), target: encode(networks.target) };
      return bootstrapValue(networks, states, environment);
    };
    const current = () => inputsOf(batch, 'items', 'lengths');
    const next = () => inputsOf(batch, 'nextItems', 'nextLengths');
    // Where both states are needed, one pass over twice the lines costs less than two passes.
    const both = once(() => {
      const environment =
        batch.environmentStates === undefined
          ? undefined
          : tf.concat([batch.environmentStates, tensorOf(batch, 'nextEnvironmentStates')]);
      return tf.split(value(join(current(), next()), environment), 2) as [tf.Tensor1D, tf.Tensor1D];
    });
    const usesBoth = batch.negatives !== undefined;
    return {
      current: once(() => (usesBoth ? both()[0] : value(current(), batch.environmentStates))),
      next: once(() => (usesBoth ? both()[1] : value(next(), batch.nextEnvironmentStates))),
      // The LE knows no state after an action that never happened; the one before it stands in.
      consumed: once(() =>
        value(inputsOf(batch, 'consumedItems', 'consumedLengths'), batch.environmentStates),
      ),
    };
  },
};

function inputsOf(
  batch: BatchTensors,
  items: 'items' | 'nextItems' | 'consumedItems',
  lengths: 'lengths' | 'nextLengths' | 'consumedLengths',
): HistoryInputs {
  return { items: tensorOf(batch, items), lengths: tensorOf(batch, lengths) };
}

function join(first: HistoryInputs, second: HistoryInputs): HistoryInputs {
  return {
    items: tf.concat([first.items, second.items]) as tf.Tensor2D,
    lengths: tf.concat([first.lengths, second.lengths]) as tf.Tensor1D,
  };
}

/** The state after each history, `[lines, state]`. */
function encodeLast(
  { backbone, shape }: Network,
  parameters: Parameters,
  inputs: HistoryInputs,
  dropout: Dropout,
): tf.Tensor2D {
  return lastStates(backbone, shape, parameters, inputs, dropout);
}
