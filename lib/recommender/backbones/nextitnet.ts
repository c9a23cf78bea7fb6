import * as tf from '@tensorflow/tfjs-core';
import { normalisationSpecs, type ParameterSpec } from '../parameters.ts';
import { type Backbone, type HistoryInputs, type Parameters, parameter } from './backbone.ts';
import { delay, embedItems, normalise, reaches } from './layers.ts';

/** Items that a convolution sees: one of the present and two of the past. */
const kernelSize = 3;
/** Dilations of the residual blocks in turn (SNQN code: [1, 2, 1, 2, 1, 2]). */
const dilations = [1, 2];

/**
 * NextItNet (Yuan et al. 2019, https://arxiv.org/abs/1808.05163), residual block (b): causal convolution, layer
 * normalisation, ReLU, the same with twice the dilation, plus the input. A convolution is one matrix product over
 * the delayed sequences side by side, which every TF.js backend can differentiate.
 */
export const nextitnet: Backbone = {
  name: 'nextitnet',

  stateDimension: (shape) => shape.dimension,

  parameterSpecs: ({ dimension, blocks }) =>
    Array.from({ length: blocks }, (_, block) => [
      ...layerSpecs(layerName(block, 0), dimension),
      ...layerSpecs(layerName(block, 1), dimension),
    ]).flat(),

  encode(parameters, shape, inputs, dropout) {
    const isItem = maskOf(inputs.items);
    let hidden = dropout(embedItems(parameters, inputs.items)); // [lines, time, dimension]
    const memories: tf.Tensor[] = [];
    for (let block = 0; block < shape.blocks; block++) {
      let x = hidden;
      for (const layer of [0, 1]) {
        memories.push(x);
        const taps = pastTaps(x, dilationOf(block, layer), inputs.positions, 0);
        x = convolve(parameters, layerName(block, layer), [...taps, x]);
      }
      hidden = tf.mul(tf.add(hidden, dropout(x)), isItem);
    }
    return {
      states: hidden as tf.Tensor3D,
      branch(items) {
        let branch = dropout(embedItems(parameters, items));
        const mask = maskOf(items);
        for (let block = 0; block < shape.blocks; block++) {
          let x = branch;
          for (const layer of [0, 1]) {
            // The branch stands one place later: what is `d` back for it is `d - 1` back in the sequence.
            const memory = memories[2 * block + layer]!;
            const taps = pastTaps(memory, dilationOf(block, layer), inputs.positions, 1);
            x = convolve(parameters, layerName(block, layer), [...taps, x]);
          }
          branch = tf.mul(tf.add(branch, dropout(x)), mask);
        }
        return branch as tf.Tensor3D;
      },
    };
  },

  encodeLast(parameters, shape, inputs, dropout) {
    // From the last state downwards: the places, counted back from the last item, that each layer has to give.
    const wanted = neededPlaces(shape.blocks, inputs.items.shape[1]);
    let steps = wanted[0]!;
    const items = pastItems(inputs, steps); // [lines, steps]
    const exists = (places: readonly number[]) => reachesBack(inputs.lengths, places);
    let hidden = dropout(embedItems(parameters, items)); // [lines, steps, dimension]
    for (let block = 0; block < shape.blocks; block++) {
      let x = hidden;
      let places = steps;
      for (const layer of [0, 1]) {
        const given = wanted[2 * block + layer + 1]!;
        const past = tf.mul(x, exists(places));
        const taps = [2, 1, 0].map((back) => {
          const tap = given.map((place) => place + back * dilationOf(block, layer));
          return back === 0 ? pick(x, places, tap) : pick(past, places, tap);
        });
        x = convolve(parameters, layerName(block, layer), taps);
        places = given;
      }
      const own = pick(hidden, steps, places);
      hidden = tf.mul(tf.add(own, dropout(x)), exists(places));
      steps = places;
    }
    return tf.squeeze(hidden, [1]) as tf.Tensor2D;
  },
};

const layerName = (block: number, layer: number) => `block_${block}/convolution_${layer}`;

const dilationOf = (block: number, layer: number) =>
  dilations[block % dilations.length]! * (layer + 1);

function layerSpecs(name: string, dimension: number): ParameterSpec[] {
  return [
    {
      name: `${name}/kernel`,
      shape: [kernelSize * dimension, dimension],
      initialiser: { kind: 'truncated-normal', deviation: 0.02 },
    },
    { name: `${name}/bias`, shape: [dimension], initialiser: { kind: 'constant', value: 0 } },
    ...normalisationSpecs(`${name}/normalisation`, dimension),
  ];
}

/**
 * Places that the item embeddings and then each layer must give for the last state, counted back from the last item,
 * ascending. What lies beyond the line never exists and is left out.
 */
function neededPlaces(blocks: number, time: number): number[][] {
  const needed = [[0]];
  for (let layer = 2 * blocks - 1; layer >= 0; layer--) {
    const dilation = dilationOf(layer >> 1, layer & 1);
    const seen = needed[0]!.flatMap((place) => [place, place + dilation, place + 2 * dilation]);
    // A block's input is added to its output as well; those places are among the seen ones.
    needed.unshift([...new Set(seen)].filter((place) => place < time).sort((a, b) => a - b));
  }
  return needed;
}

/** The items so many places before the last one, `[lines, steps]`; 0 where the history is not that long. */
function pastItems({ items, lengths }: HistoryInputs, steps: readonly number[]): tf.Tensor2D {
  const [lines, time] = items.shape;
  const back = tf.tensor2d([...steps], [1, steps.length], 'int32');
  const last = tf.sub(tf.expandDims(lengths, 1), tf.scalar(1, 'int32')); // [lines, 1]
  const place = tf.sub(last, back); // [lines, steps]
  const begins = tf.expandDims(tf.range(0, lines * time, time, 'int32'), 1); // [lines, 1]
  const from = tf.add(begins, tf.maximum(place, tf.scalar(0, 'int32')));
  const found = tf.gather(tf.reshape(items, [-1]) as tf.Tensor, from as tf.Tensor2D);
  return tf.mul(found, tf.cast(tf.greaterEqual(place, tf.scalar(0, 'int32')), 'int32'));
}

/** float32 `[lines, steps, 1]`: 1 where the history is that long. */
function reachesBack(lengths: tf.Tensor1D, steps: readonly number[]): tf.Tensor {
  const back = tf.tensor2d([...steps], [1, steps.length], 'int32');
  const isReached = tf.greater(tf.expandDims(lengths, 1), back); // [lines, steps]
  return tf.expandDims(tf.cast(isReached, 'float32'), 2);
}

/** Chosen places of `x` `[lines, places, dimension]`, zero for those that it does not have. */
function pick(x: tf.Tensor, has: readonly number[], wanted: readonly number[]): tf.Tensor {
  const index = wanted.map((place) => has.indexOf(place));
  if (index.length === has.length && index.every((at, place) => at === place)) return x;
  // The place past the end is zero.
  const padded = index.includes(-1)
    ? tf.pad(x, [
        [0, 0],
        [0, 1],
        [0, 0],
      ])
    : x;
  const from = index.map((at) => (at === -1 ? has.length : at));
  return tf.gather(padded, tf.tensor1d(from, 'int32'), 1);
}

/** float32 `[lines, time, 1]`: 1 where there is an item. */
function maskOf(items: tf.Tensor): tf.Tensor {
  return tf.expandDims(tf.cast(tf.greater(items, tf.scalar(0, 'int32')), 'float32'), -1);
}

/** The past that a convolution sees, the oldest first, zero where the sequence had not begun. */
function pastTaps(
  x: tf.Tensor,
  dilation: number,
  positions: tf.Tensor2D,
  ahead: 0 | 1,
): tf.Tensor[] {
  return Array.from({ length: kernelSize - 1 }, (_, tap) => {
    const steps = (kernelSize - 1 - tap) * dilation - ahead;
    return tf.mul(delay(x, steps), reaches(positions, steps)); // [lines, time, dimension]
  });
}

/** ReLU(LN(taps . kernel + bias)): `kernelSize` x `[lines, time, dimension]` -> `[lines, time, dimension]` */
function convolve(parameters: Parameters, name: string, taps: readonly tf.Tensor[]): tf.Tensor {
  const kernel = parameter(parameters, `${name}/kernel`) as tf.Tensor2D;
  const [lines, time, dimension] = taps[0]!.shape as [number, number, number];
  const joined = tf.concat([...taps], 2); // [lines, time, kernelSize * dimension]
  const product = tf.matMul(
    tf.reshape(joined, [-1, kernelSize * dimension]) as tf.Tensor2D,
    kernel,
  );
  const x = tf.reshape(tf.add(product, parameter(parameters, `${name}/bias`)), [
    lines,
    time,
    dimension,
  ]);
  return tf.relu(normalise(parameters, `${name}/normalisation`, x));
}
