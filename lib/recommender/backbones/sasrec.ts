import * as tf from '@tensorflow/tfjs-core';
import { denseSpecs, normalisationSpecs, type ParameterSpec } from '../parameters.ts';
import {
  type AttentionInputs,
  attentionBias,
  bucketsOf,
  lookBack,
  lookBackFurther,
  meanStates,
  timeBias,
  timeBuckets,
} from './attention.ts';
import {
  type Backbone,
  type BackboneShape,
  type Dropout,
  type Parameters,
  parameter,
  type SequenceInputs,
} from './backbone.ts';
import { isInLast, lastRow, sequenceOf } from './histories.ts';
import { dense, embedItems, lastPlaces, normalise } from './layers.ts';

const positionEmbedding = 'position_embedding';

/**
 * SASRec (Kang and McAuley 2018, https://arxiv.org/abs/1808.09781) as in its authors' code and that of SNQN: queries
 * are normalised, keys and values are not; residuals add the normalised input; no output projection; padding is zeroed
 * after every block.
 *
 * With `timeAttention` each block adds a learned number to its scores for how long ago an action was, see `bucketsOf`. With
 * `baskets` the items of one share a position and see each other, and the state after a basket is the mean of theirs.
 */
export const sasrec: Backbone = {
  name: 'sasrec',

  stateDimension: (shape) => shape.dimension,

  parameterSpecs: ({ dimension, blocks, window, timeAttention }) => [
    {
      name: positionEmbedding,
      // One more than the window: the state after a full window and its target bootstraps the last transition.
      shape: [window + 1, dimension],
      initialiser: { kind: 'normal', deviation: 0.01 },
    },
    ...Array.from({ length: blocks }, (_, block): ParameterSpec[] => [
      ...(timeAttention
        ? [
            {
              name: timeBias(block),
              shape: [timeBuckets],
              initialiser: { kind: 'normal', deviation: 0.02 } as const,
            },
          ]
        : []),
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
    const seen = { isAllowed: lookBack(inputs), buckets: agesOf(shape, inputs) };
    const memories: Memory[] = [];
    const hidden = encodeBlocks(parameters, shape, inputs, seen, shape.blocks, dropout, memories);
    return {
      states: normalise(parameters, 'final_normalisation', hidden) as tf.Tensor3D,
      branch: (items) => branch(parameters, shape, inputs, items, memories, seen, dropout),
    };
  },

  encodeLast(parameters, shape, history, dropout) {
    const { items, lengths, baskets } = history;
    const inputs = sequenceOf(shape, history);
    const seen = { isAllowed: lookBack(inputs), buckets: agesOf(shape, inputs) };
    if (baskets !== undefined) {
      const hidden = encodeBlocks(parameters, shape, inputs, seen, shape.blocks, dropout);
      const states = normalise(parameters, 'final_normalisation', hidden) as tf.Tensor3D;
      return tf.squeeze(meanStates(states, isInLast(items, lengths, baskets)), [1]);
    }
    const hidden = encodeBlocks(parameters, shape, inputs, seen, shape.blocks - 1, dropout);
    // Of the last block one query is of interest.
    const block = shape.blocks - 1;
    const memory = memoryOf(parameters, block, shape, hidden);
    const last = tf.expandDims(lastPlaces(hidden as tf.Tensor3D, lengths), 1); // [lines, 1, dimension]
    const bias = attentionBias(parameters, block, {
      isAllowed: lastRow(seen.isAllowed, lengths), // [lines, 1, time]
      buckets: seen.buckets && lastRow(seen.buckets, lengths),
    });
    const next = transform(parameters, block, shape, last, memory, bias, dropout);
    const isHistory = tf.cast(tf.greater(lengths, tf.scalar(0, 'int32')), 'float32'); // [lines]
    const states = tf.mul(tf.squeeze(next, [1]), tf.expandDims(isHistory, 1)); // [lines, dimension]
    return normalise(parameters, 'final_normalisation', states) as tf.Tensor2D;
  },
};

/** The first blocks, padding zeroed after each, `[lines, time, dimension]`; their keys and values go to `memories`. */
function encodeBlocks(
  parameters: Parameters,
  shape: BackboneShape,
  inputs: SequenceInputs,
  seen: AttentionInputs,
  blocks: number,
  dropout: Dropout,
  memories: Memory[] = [],
): tf.Tensor {
  const isItem = maskOf(inputs.items);
  let hidden = embed(parameters, shape, inputs.items, placesOf(inputs), dropout);
  for (let block = 0; block < blocks; block++) {
    const memory = memoryOf(parameters, block, shape, hidden);
    memories.push(memory);
    const bias = attentionBias(parameters, block, seen);
    const next = transform(parameters, block, shape, hidden, memory, bias, dropout);
    hidden = tf.mul(next, isItem);
  }
  return hidden;
}

/** Ages of all actions at each place's request; undefined for a shape that does not look at them. */
function agesOf(
  { timeAttention }: BackboneShape,
  { times, requests }: SequenceInputs,
): tf.Tensor | undefined {
  if (!timeAttention) return undefined;
  if (times === undefined || requests === undefined) {
    throw new RangeError('Attention to time needs "times" and "requests".');
  }
  return bucketsOf(times, requests);
}

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

/** One block at the places of `hidden`, which look at `memory` as the bias lets them. `[lines, places, dimension]` */
function transform(
  parameters: Parameters,
  block: number,
  shape: BackboneShape,
  hidden: tf.Tensor,
  memory: Memory,
  bias: tf.Tensor,
  dropout: Dropout,
): tf.Tensor {
  const name = `block_${block}`;
  const queries = normalise(parameters, `${name}/attention_normalisation`, hidden);
  const attended = attend(parameters, name, shape, queries, memory, bias, dropout);
  return feedForward(parameters, name, tf.add(attended, queries), dropout);
}

/** Rows of the position table, int32 `[lines, time]`. */
function placesOf({ positions, room, baskets }: SequenceInputs): tf.Tensor {
  const steps = baskets ?? positions;
  return room === undefined ? steps : tf.add(steps, room);
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
  bias: tf.Tensor,
  dropout: Dropout,
): tf.Tensor {
  const scale = 1 / Math.sqrt(shape.dimension / shape.heads);
  const query = tf.mul(splitHeads(dense(parameters, `${name}/query`, queries), shape.heads), scale);
  const scores = tf.add(tf.matMul(query, memory.keys, false, true), bias); // [lines, heads, time, time]
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
 * One more item after every place at once; of baskets, after all before the place's own. Its keys and values are its own;
 * those of the sequence before it are the main pass's, so that the branch costs as much as one more pass, not as one pass
 * a place. The item is taken when the next action was (that of its place's basket), and the next list asked for at once.
 */
function branch(
  parameters: Parameters,
  shape: BackboneShape,
  inputs: SequenceInputs,
  items: tf.Tensor2D,
  memories: readonly Memory[],
  seen: AttentionInputs,
  dropout: Dropout,
): tf.Tensor3D {
  const { baskets, times } = inputs;
  const next =
    baskets === undefined ? tf.add(placesOf(inputs), tf.scalar(1, 'int32')) : placesOf(inputs);
  const earlier =
    baskets === undefined
      ? seen
      : {
          isAllowed: lookBackFurther(inputs, baskets),
          buckets: seen.buckets && bucketsOf(times!, times!),
        };
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
    const bias = attentionBias(parameters, block, earlier);
    const before = tf.add(tf.matMul(query, memory.keys, false, true), bias); // [lines, heads, time, time]
    const own = tf.sum(tf.mul(query, ownKeys), -1, true); // [lines, heads, time, 1]
    const itself = shape.timeAttention ? tf.add(own, biasOfNow(parameters, block)) : own;
    const weights = dropout(tf.softmax(tf.concat([before, itself], -1))); // [lines, heads, time, time + 1]
    const time = inputs.positions.shape[1];
    const [onBefore, onItself] = tf.split(weights, [time, 1], -1) as [tf.Tensor, tf.Tensor];
    const attended = tf.add(tf.matMul(onBefore, memory.values), tf.mul(onItself, ownValues));
    hidden = feedForward(parameters, name, tf.add(joinHeads(attended), queries), dropout);
  }
  return normalise(parameters, 'final_normalisation', hidden) as tf.Tensor3D;
}

/** The bias of what has just happened, `[1]`. */
function biasOfNow(parameters: Parameters, block: number): tf.Tensor {
  return tf.slice(parameter(parameters, timeBias(block)), [0], [1]);
}
