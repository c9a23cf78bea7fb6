import type * as tf from '@tensorflow/tfjs-core';
import type { ParameterSpec } from '../parameters.ts';
import type { RowGradients, rowGradients } from '../row-gradients.ts';

/** Parameters by name, as tensors of whatever TF.js backend is active. */
export type Parameters = Readonly<Record<string, tf.Tensor>> & {
  readonly [rowGradients]?: RowGradients | undefined;
};

/** Everything that fixes the parameters' shapes. */
export interface BackboneShape {
  /** Number of items; item indices are 1 to `items`, 0 is padding. */
  readonly items: number;
  /** Width of item embeddings and hidden states. */
  readonly dimension: number;
  readonly blocks: number;
  readonly heads: number;
  /** Longest history, in items. */
  readonly window: number;
  /** What SASRec's positions are counted from. */
  readonly positionsFrom: 'end' | 'start';
  /** SASRec's attention sees how old actions are. */
  readonly timeAttention: boolean;
  /** Actions of one time are a basket: the items of one have no order, and are predicted together (SASRec). */
  readonly baskets: boolean;
}

/** A batch of lines. One line may hold several sequences one after the other. */
export interface SequenceInputs {
  /** int32 `[lines, time]`, 0 is padding. */
  readonly items: tf.Tensor2D;
  /**
   * int32 `[lines, time]`: place of each item in its own sequence, counted from 0. A place `p` at time `t` says that
   * the sequence began at `t - p`; nothing before that may influence the state at `t`.
   */
  readonly positions: tf.Tensor2D;
  /**
   * int32 `[lines, time]`: by how many items the sequence of each item is shorter than the window, for backbones that
   * count positions from the end; 0 in the older pieces of a long history. Left out, it is 0 everywhere.
   */
  readonly room?: tf.Tensor2D;
  /** int32 `[lines, time]`: number of each item's basket in its sequence, from 0, for `shape.baskets`. */
  readonly baskets?: tf.Tensor2D;
  /**
   * int32 `[lines, time]`: when each item was taken and when the next one was, seconds from any moment on that is the
   * same for a sequence, for `shape.timeAttention`.
   */
  readonly times?: tf.Tensor2D;
  readonly requests?: tf.Tensor2D;
}

/** A batch of histories, one per line from its beginning. */
export interface HistoryInputs {
  /** int32 `[lines, time]`, right-padded with 0. */
  readonly items: tf.Tensor2D;
  /** int32 `[lines]`; an empty line gives the state of its first, empty place. */
  readonly lengths: tf.Tensor1D;
  /** As in `SequenceInputs`; the last item's request is the one that is answered. */
  readonly baskets?: tf.Tensor2D;
  readonly times?: tf.Tensor2D;
  readonly requests?: tf.Tensor2D;
}

/** Randomly zeroes elements and scales up the rest; the identity outside training. */
export type Dropout = (x: tf.Tensor) => tf.Tensor;

/** The states of a batch. */
export interface Encoding {
  /** `[lines, time, state]`: the state after the item at each place and all before it in its sequence. */
  readonly states: tf.Tensor3D;
  /**
   * The states after one other item each: entry `(line, t)` is the state of the sequence up to and including `t`,
   * followed by `items[line, t]`, at position `positions[line, t] + 1`. `[lines, time]` -> `[lines, time, state]`
   */
  branch(items: tf.Tensor2D): tf.Tensor3D;
}

/** A sequence encoder. It knows nothing of objectives and runs on any TF.js backend. */
export interface Backbone {
  readonly name: string;
  /** Width of the states, `[lines, time, state]`. */
  stateDimension(shape: BackboneShape): number;
  /** True if no element of a state goes beyond -1 and 1. */
  readonly hasBoundedStates?: boolean;
  /** All parameters but the item embedding, which every backbone shares: `item_embedding` `[items, dimension]`. */
  parameterSpecs(shape: BackboneShape): ParameterSpec[];
  encode(
    parameters: Parameters,
    shape: BackboneShape,
    inputs: SequenceInputs,
    dropout: Dropout,
  ): Encoding;
  /**
   * The states after the last items alone, of one sequence per line: what `encode` gives there, without the places that
   * nobody looks at. A backbone that cannot leave any out has none.
   */
  encodeLast?(
    parameters: Parameters,
    shape: BackboneShape,
    inputs: HistoryInputs,
    dropout: Dropout,
  ): tf.Tensor2D;
}

/** The table that turns item `i` into row `i - 1`. */
export const itemEmbedding = 'item_embedding';

/** Looks a parameter up; a missing one is a defect of the caller. */
export function parameter(parameters: Parameters, name: string): tf.Tensor {
  const tensor = parameters[name];
  if (tensor === undefined) throw new RangeError(`The model has no parameter "${name}".`);
  return tensor;
}
