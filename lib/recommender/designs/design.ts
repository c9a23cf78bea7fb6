import type { tf } from '#lib/graph/tensorflow.ts';
import type { Dropout, Parameters } from '../backbones/backbone.ts';
import type { BatchTensors } from '../data/batch.ts';
import type { Network } from '../network.ts';
import type { Bootstrap } from '../objectives/objective.ts';

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
