import * as tf from '@tensorflow/tfjs-core';
import type { ParameterSpec } from '../parameters.ts';
import {
  type Backbone,
  type BackboneShape,
  type Dropout,
  type Parameters,
  parameter,
} from './backbone.ts';
import { embedItems } from './layers.ts';

/**
 * GRU4Rec (Hidasi et al. 2016, https://arxiv.org/abs/1511.06939) with the cell of the SNQN code, TensorFlow's
 * `GRUCell`: `r, u = sigmoid([x, h] W_g + b_g)`, `c = tanh([x, r h] W_c + b_c)`, `h' = u h + (1 - u) c`.
 * `blocks` cells on top of each other.
 */
export const gru4rec: Backbone = {
  name: 'gru4rec',

  stateDimension: (shape) => shape.dimension,

  hasBoundedStates: true,

  parameterSpecs: ({ dimension, blocks }) =>
    Array.from({ length: blocks }, (_, block) => cellSpecs(`cell_${block}`, dimension)).flat(),

  encode(parameters, shape, inputs, dropout) {
    // 0 at the first item of a sequence: nothing before it is remembered.
    const isContinued = tf.cast(
      tf.greater(inputs.positions, tf.scalar(0, 'int32')),
      'float32',
    ) as tf.Tensor2D; // [lines, time]
    const remember = tf.split(isContinued, inputs.items.shape[1], 1) as tf.Tensor2D[]; // time x [lines, 1]
    const outputs = runCells(parameters, shape, inputs.items, remember, dropout);
    const byLine = (x: tf.Tensor) => tf.transpose(x, [1, 0, 2]); // [lines, time, dimension]
    return {
      states: byLine(outputs.at(-1)!) as tf.Tensor3D,
      branch(items) {
        const memories = outputs.map(byLine);
        let x = dropout(embedItems(parameters, items));
        for (let block = 0; block < shape.blocks; block++) {
          const name = `cell_${block}`;
          const flat = (tensor: tf.Tensor) =>
            tf.reshape(tensor, [-1, shape.dimension]) as tf.Tensor2D; // [lines * time, dimension]
          const inner = project(parameters, name, x);
          const next = step(parameters, name, flat(memories[block]!), {
            gates: tf.reshape(inner.gates, [-1, 2 * shape.dimension]),
            candidate: flat(inner.candidate),
          });
          x = tf.reshape(next, [...items.shape, shape.dimension]);
          if (block + 1 < shape.blocks) x = dropout(x);
        }
        return x as tf.Tensor3D;
      },
    };
  },

  encodeLast(parameters, shape, { items, lengths }, dropout) {
    const states = runCells(parameters, shape, items, undefined, dropout).at(-1)!; // [time, lines, dimension]
    const lines = items.shape[0];
    const last = tf.maximum(tf.sub(lengths, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
    const place = tf.add(tf.mul(last, tf.scalar(lines, 'int32')), tf.range(0, lines, 1, 'int32'));
    const flat = tf.reshape(states, [-1, shape.dimension]) as tf.Tensor;
    return tf.gather(flat, place as tf.Tensor1D) as tf.Tensor2D;
  },
};

/** Kernels are kept apart for input and state, so that all inputs of a line are multiplied at once. */
function cellSpecs(name: string, dimension: number): ParameterSpec[] {
  const kernel = (part: string, outputs: number): ParameterSpec => ({
    name: `${name}/${part}`,
    shape: [dimension, outputs],
    // The limits of the joint kernel `[2 * dimension, outputs]`.
    initialiser: { kind: 'glorot', fanIn: 2 * dimension, fanOut: outputs },
  });
  const bias = (part: string, outputs: number, value: number): ParameterSpec => ({
    name: `${name}/${part}`,
    shape: [outputs],
    initialiser: { kind: 'constant', value },
  });
  return [
    kernel('input_gates', 2 * dimension),
    kernel('state_gates', 2 * dimension),
    bias('gates_bias', 2 * dimension, 1),
    kernel('input_candidate', dimension),
    kernel('state_candidate', dimension),
    bias('candidate_bias', dimension, 0),
  ];
}

/** What the input alone contributes: gates `[..., 2 * dimension]` and candidate `[..., dimension]`. */
function project(
  parameters: Parameters,
  name: string,
  x: tf.Tensor,
): { gates: tf.Tensor; candidate: tf.Tensor } {
  const width = x.shape.at(-1)!;
  const rows = tf.reshape(x, [-1, width]) as tf.Tensor2D;
  const multiply = (kernel: string, bias: string) => {
    const weights = parameter(parameters, `${name}/${kernel}`) as tf.Tensor2D;
    const product = tf.add(tf.matMul(rows, weights), parameter(parameters, `${name}/${bias}`));
    return tf.reshape(product, [...x.shape.slice(0, -1), weights.shape[1]]);
  };
  return {
    gates: multiply('input_gates', 'gates_bias'),
    candidate: multiply('input_candidate', 'candidate_bias'),
  };
}

/** One step: states `[rows, dimension]` and projected inputs -> new states. */
function step(
  parameters: Parameters,
  name: string,
  state: tf.Tensor2D,
  input: { readonly gates: tf.Tensor; readonly candidate: tf.Tensor },
): tf.Tensor2D {
  const gatesKernel = parameter(parameters, `${name}/state_gates`) as tf.Tensor2D;
  const candidateKernel = parameter(parameters, `${name}/state_candidate`) as tf.Tensor2D;
  const gates = tf.sigmoid(tf.add(input.gates, tf.matMul(state, gatesKernel)));
  const [reset, update] = tf.split(gates, 2, 1) as [tf.Tensor2D, tf.Tensor2D]; // [rows, dimension] each
  const recalled = tf.matMul(tf.mul(reset, state) as tf.Tensor2D, candidateKernel);
  const candidate = tf.tanh(tf.add(input.candidate, recalled));
  return tf.add(candidate, tf.mul(update, tf.sub(state, candidate)));
}

/**
 * All cells on top of each other along the lines. Time comes first, so that the input of a step lies in one piece.
 *
 * @param remember for each item what its cells see of the state before it, `[lines, 1]`; undefined for all of it
 * @returns of each cell the states after each item, `[time, lines, dimension]`
 */
function runCells(
  parameters: Parameters,
  shape: BackboneShape,
  items: tf.Tensor2D,
  remember: readonly tf.Tensor2D[] | undefined,
  dropout: Dropout,
): tf.Tensor[] {
  const outputs: tf.Tensor[] = [];
  let hidden = dropout(embedItems(parameters, tf.transpose(items))); // [time, lines, dimension]
  for (let block = 0; block < shape.blocks; block++) {
    if (block > 0) hidden = dropout(hidden);
    hidden = unroll(parameters, `cell_${block}`, hidden, remember);
    outputs.push(hidden);
  }
  return outputs;
}

/** Runs a cell along the lines: `[time, lines, dimension]` -> the states after each item. */
function unroll(
  parameters: Parameters,
  name: string,
  x: tf.Tensor,
  remember: readonly tf.Tensor2D[] | undefined,
): tf.Tensor {
  const [time, lines, dimension] = x.shape as [number, number, number];
  const inner = project(parameters, name, x);
  const gates = tf.unstack(inner.gates, 0); // time x [lines, 2 * dimension]
  const candidates = tf.unstack(inner.candidate, 0); // time x [lines, dimension]
  let state = tf.zeros([lines, dimension]) as tf.Tensor2D;
  const states: tf.Tensor2D[] = [];
  for (let at = 0; at < time; at++) {
    const before =
      at === 0 || remember === undefined ? state : (tf.mul(state, remember[at]!) as tf.Tensor2D);
    state = step(parameters, name, before, { gates: gates[at]!, candidate: candidates[at]! });
    states.push(state);
  }
  return tf.stack(states, 0);
}
