import type { tf } from '#lib/graph/tensorflow.ts';
import type { Dropout, Parameters } from '../backbones/backbone.ts';
import type { BatchArrays } from '../data/layout.ts';
import type { Network } from '../network.ts';
import type { Bootstrap } from '../objectives/objective.ts';

/** The arrays of a batch as tensors. */
export type BatchTensors = Readonly<Partial<Record<keyof BatchArrays, tf.Tensor>>>;

/** How training examples are laid out: as whole lines or as single prefixes. */
export interface Design {
  /** States of all places of a batch, `[places, state]`. */
  encode(
    network: Network,
    parameters: Parameters,
    batch: BatchTensors,
    dropout: Dropout,
  ): tf.Tensor2D;
  /** Double Q-learning's values of the states that targets look at. */
  bootstrap(
    network: Network,
    networks: { readonly main: Parameters; readonly target: Parameters },
    batch: BatchTensors,
    dropout: Dropout,
  ): Bootstrap;
}

/** A tensor that the layout must have. */
export function tensorOf<T extends tf.Tensor = tf.Tensor>(
  batch: BatchTensors,
  name: keyof BatchArrays,
): T {
  const tensor = batch[name];
  if (tensor === undefined) throw new RangeError(`The batch has no "${name}".`);
  return tensor as T;
}
