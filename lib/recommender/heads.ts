import * as tf from '@tensorflow/tfjs-core';
import {
  type Backbone,
  type BackboneShape,
  itemEmbedding,
  type Parameters,
  parameter,
} from './backbones/backbone.ts';
import { standardise } from './backbones/layers.ts';
import { type ItemTable, itemTable } from './item-table.ts';
import type { ParameterSpec, Weights } from './parameters.ts';

/** One row of weights an item, and perhaps a bias: `value(state, item i) = state . kernel[i - 1] + bias[i - 1]`. */
export interface Head {
  /** `[items, state]` */
  readonly kernel: ItemTable;
  /** `[items]` */
  readonly bias: tf.Tensor1D | undefined;
  /** `[state, items]`: the kernel the other way round, where a backend multiplies faster by that. */
  readonly transposed?: tf.Tensor2D | undefined;
}

/**
 * Parameters of the supervised head: none if it is tied to the item embedding. States that are wider than the embedding,
 * or too small to tell items apart without embeddings that have grown for long, are projected onto it first.
 */
export function supervisedHeadSpecs(
  kind: 'tied' | 'separate',
  backbone: Backbone,
  shape: BackboneShape,
): ParameterSpec[] {
  const stateDimension = backbone.stateDimension(shape);
  if (kind === 'separate') return headSpecs('supervised_head', shape.items, stateDimension);
  if (stateDimension === shape.dimension && !backbone.hasBoundedStates) return [];
  return [
    {
      name: 'supervised_head/projection',
      shape: [stateDimension, shape.dimension],
      initialiser: { kind: 'glorot', fanIn: stateDimension, fanOut: shape.dimension },
    },
  ];
}

/** Parameters of the Q head; with the LE state also the map of that state into the recommender's. */
export function qHeadSpecs(
  items: number,
  stateDimension: number,
  environmentDimension: number | undefined,
): ParameterSpec[] {
  return [
    ...headSpecs('q_head', items, stateDimension),
    ...(environmentDimension === undefined
      ? []
      : [environmentMapSpec(environmentDimension, stateDimension)]),
  ];
}

/** Name of the map from the LE's state to the recommender's. */
export const environmentMap = 'environment_map';

/** The map `W` of the LE state, `[environment, state]`. It begins at zero: first nothing of the LE gets in. */
function environmentMapSpec(environmentDimension: number, stateDimension: number): ParameterSpec {
  return {
    name: environmentMap,
    shape: [environmentDimension, stateDimension],
    initialiser: { kind: 'constant', value: 0 },
  };
}

function headSpecs(name: string, items: number, stateDimension: number): ParameterSpec[] {
  return [
    {
      name: `${name}/kernel`,
      shape: [items, stateDimension],
      initialiser: { kind: 'glorot', fanIn: stateDimension, fanOut: items },
    },
    { name: `${name}/bias`, shape: [items], initialiser: { kind: 'constant', value: 0 } },
  ];
}

const supervisedKernel = 'supervised_head/kernel';
const supervisedBias = 'supervised_head/bias';

/** Whether a parameter is the supervised head's alone, and not that of states. */
export const isOfSupervisedHead = (name: string): boolean =>
  name === supervisedKernel || name === supervisedBias;

/** The supervised head of a model, tied or not. */
export function supervisedHead(parameters: Parameters): Head {
  const bias = parameters[supervisedBias];
  return bias === undefined
    ? { kernel: itemTable(parameters, itemEmbedding), bias }
    : { kernel: itemTable(parameters, supervisedKernel), bias: bias as tf.Tensor1D };
}

/** The numbers of the supervised head, tied or not: one row of `kernel` an item. */
export function supervisedNumbers(weights: ReadonlyMap<string, Weights>): {
  /** `[items, head]` */
  readonly kernel: Weights;
  /** `[items]` */
  readonly bias: Weights | undefined;
} {
  const kernel = weights.get(supervisedKernel) ?? weights.get(itemEmbedding)!;
  return { kernel, bias: weights.get(supervisedBias) };
}

/** What the supervised head multiplies: `[places, state]` -> `[places, head]`. */
export function supervisedStates(parameters: Parameters, states: tf.Tensor2D): tf.Tensor2D {
  const projection = parameters['supervised_head/projection'];
  return projection === undefined ? states : tf.matMul(states, projection as tf.Tensor2D);
}

/** The Q head of a model. */
export function qHead(parameters: Parameters): Head {
  return {
    kernel: itemTable(parameters, 'q_head/kernel'),
    bias: parameter(parameters, 'q_head/bias') as tf.Tensor1D,
  };
}

/**
 * `s + W . standardise(s_LE)`: the state enriched by the LE (LEA, method of the state model). `[places, state]`
 *
 * @param environment LE states `[places, environment]`; undefined leaves the state as it is, as does a model without the map
 */
export function enrich(
  parameters: Parameters,
  states: tf.Tensor2D,
  environment: tf.Tensor2D | undefined,
): tf.Tensor2D {
  const map = parameters[environmentMap] as tf.Tensor2D | undefined;
  if (environment === undefined || map === undefined) return states;
  return tf.add(states, tf.matMul(standardise(environment) as tf.Tensor2D, map)) as tf.Tensor2D;
}

/** Values of every item, `[places, state]` -> `[places, items]`. */
export function valuesOfAll(head: Head, states: tf.Tensor2D): tf.Tensor2D {
  const values: tf.Tensor2D =
    head.transposed === undefined
      ? tf.matMul(states, head.kernel.whole(), false, true)
      : tf.matMul(states, head.transposed);
  return head.bias === undefined ? values : (tf.add(values, head.bias) as tf.Tensor2D);
}

/**
 * Values of chosen items alone: rows are gathered, the catalogue is never multiplied.
 *
 * @param items int32 item indices `[places, k]`; padding (0) reads row 0, its value means nothing
 * @returns `[places, k]`
 */
export function valuesOf(head: Head, states: tf.Tensor2D, items: tf.Tensor2D): tf.Tensor2D {
  const rows = rowsOf(items);
  const kernels = head.kernel.rows(rows) as tf.Tensor3D; // [places, k, state]
  const products = tf.matMul(kernels, tf.expandDims(states, 2) as tf.Tensor3D); // [places, k, 1]
  const values = tf.squeeze(products, [2]) as tf.Tensor2D; // [places, k]
  return head.bias === undefined
    ? values
    : (tf.add(values, tf.gather(head.bias, rows)) as tf.Tensor2D);
}

/** The table row of item indices: `i - 1`, and 0 for padding. */
export function rowsOf(items: tf.Tensor): tf.Tensor1D {
  return tf.maximum(tf.sub(items, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
}
