import * as tf from '@tensorflow/tfjs-core';
import { normalisationSpecs, type ParameterSpec } from '../parameters.ts';
import { type Backbone, type Parameters, parameter } from './backbone.ts';
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
