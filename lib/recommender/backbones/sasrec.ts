import * as tf from '@tensorflow/tfjs-core';
import { denseSpecs, normalisationSpecs } from '../parameters.ts';
import {
  type Backbone,
  type BackboneShape,
  type Dropout,
  type Parameters,
  parameter,
  type SequenceInputs,
} from './backbone.ts';
import { dense, embedItems, forbidden, lastPlaces, linePositions, normalise } from './layers.ts';

const positionEmbedding = 'position_embedding';

/**
 * SASRec (Kang and McAuley 2018, https://arxiv.org/abs/1808.09781) as in its authors' code and that of SNQN: queries
 * are normalised, keys and values are not; residuals add the normalised input; no output projection; padding is zeroed
 * after every block.
 */
export const sasrec: Backbone = {
  name: 'sasrec',

  stateDimension: (shape) => shape.dimension,

  parameterSpecs: ({ dimension, blocks, window }) => [
    {
      name: positionEmbedding,
      // One more than the window: the state after a full window and its target bootstraps the last transition.
      shape: [window + 1, dimension],
      initialiser: { kind: 'normal', deviation: 0.01 },
    },
    ...Array.from({ length: blocks }, (_, block) => [
      ...normalisationSpecs(`block_${block}/attention_normalisation`, dimension),
      ...denseSpecs(`block_${block}/query`, dimension, dimension),
      ...denseSpecs(`block_${block}/key`, dimension, dimension),
      ...denseSpecs(`block_${block}/value`, dimension, dimension),
      ...normalisationSpecs(`block_${block}/feed_forward_normalisation`, dimension),
      ...denseSpecs(`block_${block}/feed_forward_inner`, dimension, dimension),
      ...denseSpecs(`block_${block}/feed_forward_outer`, dimension, dimension),
    ]).flat(),
    ...normalisationSpecs('final_normalisation', dimension),
  ],

  encode(parameters, shape, inputs, dropout) {
    const mask = attentionMask(inputs);
    const isItem = maskOf(inputs.items);
    const memories: Memory[] = [];
    let hidden = embed(parameters, shape, inputs.items, placesOf(inputs), dropout);
    for (let block = 0; block < shape.blocks; block++) {
      const memory = memoryOf(parameters, block, shape, hidden);
      memories.push(memory);
      const next = transform(parameters, block, shape, hidden, memory, mask, dropout);
      hidden = tf.mul(next, isItem);
    }
    return {
      states: normalise(parameters, 'final_normalisation', hidden) as tf.Tensor3D,
      branch: (items) => branch(parameters, shape, inputs, items, memories, mask, dropout),
    };
  },

  encodeLast(parameters, shape, { items, lengths }, dropout) {
    const positions = linePositions(...items.shape);
    const mask = attentionMask({ items, positions });
    const isItem = maskOf(items);
    const room = tf.expandDims(tf.sub(tf.scalar(shape.window, 'int32'), lengths), 1); // [lines, 1]
    const places = shape.positionsFrom === 'end' ? tf.add(positions, room) : positions;
    let hidden = embed(parameters, shape, items, places, dropout);
    for (let block = 0; block + 1 < shape.blocks; block++) {
      const memory = memoryOf(parameters, block, shape, hidden);
      const next = transform(parameters, block, shape, hidden, memory, mask, dropout);
      hidden = tf.mul(next, isItem);
    }
    // Of the last block one query is of interest.
    const block = shape.blocks - 1;
    const memory = memoryOf(parameters, block, shape, hidden);
    const last = tf.expandDims(lastPlaces(hidden as tf.Tensor3D, lengths), 1); // [lines, 1, dimension]
    const seen = tf.expandDims(lastMask(items.shape[1], lengths), 1); // [lines, 1, 1, time]
    const next = transform(parameters, block, shape, last, memory, seen, dropout);
    const isHistory = tf.cast(tf.greater(lengths, tf.scalar(0, 'int32')), 'float32'); // [lines]
    const states = tf.mul(tf.squeeze(next, [1]), tf.expandDims(isHistory, 1)); // [lines, dimension]
    return normalise(parameters, 'final_normalisation', states) as tf.Tensor2D;
  },
};

/** Keys and values of one block, each `[lines, heads, time, width]`. */
interface Memory {
  readonly keys: tf.Tensor;
  readonly values: tf.Tensor;
}

function memoryOf(
  parameters: Parameters,
  block: number,
  shape: BackboneShape,
  hidden: tf.Tensor,
): Memory {
  return {
    keys: splitHeads(dense(parameters, `block_${block}/key`, hidden), shape.heads),
    values: splitHeads(dense(parameters, `block_${block}/value`, hidden), shape.heads),
  };
}

/** One block at the places of `hidden`, which look at `memory` where the mask lets them. `[lines, places, dimension]` */
function transform(
  parameters: Parameters,
  block: number,
  shape: BackboneShape,
  hidden: tf.Tensor,
  memory: Memory,
  mask: tf.Tensor,
  dropout: Dropout,
): tf.Tensor {
  const name = `block_${block}`;
  const queries = normalise(parameters, `${name}/attention_normalisation`, hidden);
  const attended = attend(parameters, name, shape, queries, memory, mask, dropout);
  return feedForward(parameters, name, tf.add(attended, queries), dropout);
}

/** Rows of the position table, int32 `[lines, time]`. */
function placesOf({ positions, room }: SequenceInputs): tf.Tensor {
  return room === undefined ? positions : tf.add(positions, room);
}

/** Item plus position embedding, `[lines, time, dimension]`. */
function embed(
  parameters: Parameters,
  shape: BackboneShape,
  items: tf.Tensor,
  places: tf.Tensor,
  dropout: Dropout,
): tf.Tensor {
  // A branch after a sequence that already fills the table shares the last place.
  const rows = tf.minimum(places, tf.scalar(shape.window, 'int32'));
  const embedded = tf.add(
    embedItems(parameters, items),
    tf.gather(parameter(parameters, positionEmbedding), rows),
  );
  return tf.mul(dropout(embedded), maskOf(items));
}

/**
 * float32 `[lines, time, 1]`: 1 where there is an item. Padding is zeroed after every block, so that an empty history, the
 * normalisation of whose zeros would multiply gradients by 1e4, teaches the blocks nothing.
 */
function maskOf(items: tf.Tensor): tf.Tensor {
  return tf.expandDims(tf.cast(tf.greater(items, tf.scalar(0, 'int32')), 'float32'), -1);
}

/** Additive mask `[lines, 1, time, time]`: 0 from each place to itself and to what came before it in its sequence. */
function attentionMask({ positions }: SequenceInputs): tf.Tensor {
  const time = positions.shape[1];
  const places = tf.range(0, time, 1, 'int32');
  const from = tf.reshape(places, [1, time, 1]);
  const to = tf.reshape(places, [1, 1, time]);
  const begins = tf.sub(from, tf.expandDims(positions, 2)); // [lines, time, 1]
  const isAllowed = tf.logicalAnd(tf.lessEqual(to, from), tf.greaterEqual(to, begins));
  const penalty = tf.mul(tf.sub(1, tf.cast(isAllowed, 'float32')), forbidden); // [lines, time, time]
  return tf.expandDims(penalty, 1);
}

/** The mask's row of each line's last place, `[lines, 1, time]`. */
function lastMask(time: number, lengths: tf.Tensor1D): tf.Tensor {
  const last = tf.maximum(tf.sub(lengths, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
  const isAllowed = tf.lessEqual(
    tf.reshape(tf.range(0, time, 1, 'int32'), [1, 1, time]),
    tf.reshape(last, [-1, 1, 1]),
  );
  return tf.mul(tf.sub(1, tf.cast(isAllowed, 'float32')), forbidden);
}

/** `[lines, time, dimension]` -> `[lines, heads, time, dimension / heads]` */
function splitHeads(x: tf.Tensor, heads: number): tf.Tensor {
  const [lines, time, dimension] = x.shape as [number, number, number];
  if (heads === 1) return tf.expandDims(x, 1);
  return tf.transpose(tf.reshape(x, [lines, time, heads, dimension / heads]), [0, 2, 1, 3]);
}

/** `[lines, heads, time, width]` -> `[lines, time, heads * width]` */
function joinHeads(x: tf.Tensor): tf.Tensor {
  const [lines, heads, time, width] = x.shape as [number, number, number, number];
  if (heads === 1) return tf.reshape(x, [lines, time, width]);
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [lines, time, heads * width]);
}

/** Scaled dot-product attention, `[lines, time, dimension]` -> the same. */
function attend(
  parameters: Parameters,
  name: string,
  shape: BackboneShape,
  queries: tf.Tensor,
  memory: Memory,
  mask: tf.Tensor,
  dropout: Dropout,
): tf.Tensor {
  const scale = 1 / Math.sqrt(shape.dimension / shape.heads);
  const query = tf.mul(splitHeads(dense(parameters, `${name}/query`, queries), shape.heads), scale);
  const scores = tf.add(tf.matMul(query, memory.keys, false, true), mask); // [lines, heads, time, time]
  const weights = dropout(tf.softmax(scores));
  return joinHeads(tf.matMul(weights, memory.values)); // [lines, time, dimension]
}

function feedForward(
  parameters: Parameters,
  name: string,
  input: tf.Tensor,
  dropout: Dropout,
): tf.Tensor {
  const x = normalise(parameters, `${name}/feed_forward_normalisation`, input);
  const inner = dropout(tf.relu(dense(parameters, `${name}/feed_forward_inner`, x)));
  return tf.add(dropout(dense(parameters, `${name}/feed_forward_outer`, inner)), x);
}

/**
 * One more item after every place at once. Its keys and values are its own; those of the sequence before it are the
 * main pass's, so that the branch costs as much as one more pass, not as one pass a place.
 */
function branch(
  parameters: Parameters,
  shape: BackboneShape,
  inputs: SequenceInputs,
  items: tf.Tensor2D,
  memories: readonly Memory[],
  mask: tf.Tensor,
  dropout: Dropout,
): tf.Tensor3D {
  const next = tf.add(placesOf(inputs), tf.scalar(1, 'int32'));
  let hidden = embed(parameters, shape, items, next, dropout);
  for (let block = 0; block < shape.blocks; block++) {
    const name = `block_${block}`;
    const memory = memories[block]!;
    const ownKeys = splitHeads(dense(parameters, `${name}/key`, hidden), shape.heads);
    const ownValues = splitHeads(dense(parameters, `${name}/value`, hidden), shape.heads);
    const queries = normalise(parameters, `${name}/attention_normalisation`, hidden);
    const scale = 1 / Math.sqrt(shape.dimension / shape.heads);
    const query = tf.mul(
      splitHeads(dense(parameters, `${name}/query`, queries), shape.heads),
      scale,
    );
    const before = tf.add(tf.matMul(query, memory.keys, false, true), mask); // [lines, heads, time, time]
    const itself = tf.sum(tf.mul(query, ownKeys), -1, true); // [lines, heads, time, 1]
    const weights = dropout(tf.softmax(tf.concat([before, itself], -1))); // [lines, heads, time, time + 1]
    const time = inputs.positions.shape[1];
    const [onBefore, onItself] = tf.split(weights, [time, 1], -1) as [tf.Tensor, tf.Tensor];
    const attended = tf.add(tf.matMul(onBefore, memory.values), tf.mul(onItself, ownValues));
    hidden = feedForward(parameters, name, tf.add(joinHeads(attended), queries), dropout);
  }
  return normalise(parameters, 'final_normalisation', hidden) as tf.Tensor3D;
}
