import type { tf } from '#lib/graph/tensorflow.ts';
import type { Dropout, Parameters } from '../backbones/backbone.ts';
import type { BatchArrays } from '../data/layout.ts';
import type { Network } from '../network.ts';
import { once } from '../once.ts';
import { lastPlaces, linePositions } from '../score.ts';
import { bootstrapValue } from './bootstrap-value.ts';
import { type BatchTensors, type Design, tensorOf } from './design.ts';

/**
 * One history a place, as in the SQN and SNQN code: the states before and after the action are windows of their own, each
 * encoded by both networks.
 */
export const prefixes: Design = {
  encode: (network, parameters, batch, dropout) =>
    encodeLast(network, parameters, batch, ['items', 'lengths'], dropout),

  bootstrap(network, networks, batch, dropout) {
    const value = (
      inputs: readonly [keyof BatchArrays, keyof BatchArrays],
      environment: tf.Tensor | undefined,
    ) => {
      const encode = (parameters: Parameters) =>
        encodeLast(network, parameters, batch, inputs, dropout);
      const states = { main: encode(networks.main), target: encode(networks.target) };
      return bootstrapValue(networks, states, environment as tf.Tensor2D | undefined);
    };
    return {
      current: once(() => value(['items', 'lengths'], batch.environmentStates)),
      next: once(() => value(['nextItems', 'nextLengths'], batch.nextEnvironmentStates)),
      // The LE knows no state after an action that never happened; the one before it stands in.
      consumed: once(() => value(['consumedItems', 'consumedLengths'], batch.environmentStates)),
    };
  },
};

/** The state after each history, `[lines, state]`. */
function encodeLast(
  network: Network,
  parameters: Parameters,
  batch: BatchTensors,
  [items, lengths]: readonly [keyof BatchArrays, keyof BatchArrays],
  dropout: Dropout,
): tf.Tensor2D {
  const inputs = tensorOf<tf.Tensor2D>(batch, items);
  const [count, time] = inputs.shape;
  const sequence = { items: inputs, positions: linePositions(count, time) };
  const { states } = network.backbone.encode(parameters, network.shape, sequence, dropout);
  return lastPlaces(states, tensorOf<tf.Tensor1D>(batch, lengths));
}
