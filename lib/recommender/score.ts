import * as tf from '@tensorflow/tfjs-core';
import type {
  Backbone,
  BackboneShape,
  Dropout,
  HistoryInputs,
  Parameters,
} from './backbones/backbone.ts';
import { backbones } from './backbones/index.ts';
import { lastPlaces, linePositions } from './backbones/layers.ts';
import { isOfSupervisedHead, supervisedHead, supervisedStates, valuesOfAll } from './heads.ts';
import { type DatedHistory, historyArrays, historyTensors } from './history-arrays.ts';
import type { RecommenderModel } from './model-file.ts';

/** A model on the active TF.js backend. */
export interface LoadedModel {
  readonly backbone: Backbone;
  readonly shape: BackboneShape;
  readonly parameters: Parameters;
  /** The supervised head's kernel the other way round, `[state, items]`, on a backend that multiplies faster by it. */
  readonly transposed?: tf.Tensor2D;
  /** Frees the tensors. */
  dispose(): void;
}

/**
 * Puts a model's weights on whatever TF.js backend is active (native, WebAssembly, plain JavaScript). Nothing here needs
 * a native library.
 *
 * @param options.scoresAll whether all items are to be scored; where states alone are, less is kept. @default true
 */
export function loadModel(
  model: RecommenderModel,
  { scoresAll = true }: { readonly scoresAll?: boolean } = {},
): LoadedModel {
  const kept = [...model.weights].filter(([name]) => scoresAll || !isOfSupervisedHead(name));
  const parameters = Object.fromEntries(
    kept.map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
  // WebAssembly has a fast product (XNNPACK) for matrices that are not to be transposed, and a slow one for all others.
  const isFaster = scoresAll && tf.getBackend() === 'wasm';
  const transposed = isFaster ? tf.transpose(supervisedHead(parameters).kernel) : undefined;
  return {
    backbone: backbones[model.backbone],
    shape: model.shape,
    parameters,
    ...(transposed !== undefined && { transposed }),
    dispose: () => tf.dispose([parameters, transposed ?? []]),
  };
}

/**
 * Scores of all items after each history, higher is better, dropout off.
 *
 * @returns `[lines, items]`; item `i` at place `i - 1`
 */
export function scoreItems(model: ScoringModel, histories: HistoryInputs): tf.Tensor2D {
  return scoreStates(model, statesForItems(model, histories));
}

type ScoringModel = Pick<LoadedModel, 'backbone' | 'shape' | 'parameters' | 'transposed'>;

/** What the items' vectors are multiplied with, dropout off, `[lines, head]`. */
export function statesForItems(
  { backbone, shape, parameters }: Pick<LoadedModel, 'backbone' | 'shape' | 'parameters'>,
  histories: HistoryInputs,
): tf.Tensor2D {
  const last = lastStates(backbone, shape, parameters, histories, (x) => x); // [lines, state]
  return supervisedStates(parameters, last);
}

/** `[lines, head]` -> scores of all items, `[lines, items]`. */
export function scoreStates(
  { parameters, transposed }: Pick<LoadedModel, 'parameters' | 'transposed'>,
  states: tf.Tensor2D,
): tf.Tensor2D {
  return valuesOfAll({ ...supervisedHead(parameters), transposed }, states);
}

/** States after the last items, `[lines, state]`. */
export function lastStates(
  backbone: Backbone,
  shape: BackboneShape,
  parameters: Parameters,
  inputs: HistoryInputs,
  dropout: Dropout,
): tf.Tensor2D {
  if (backbone.encodeLast !== undefined) {
    return backbone.encodeLast(parameters, shape, inputs, dropout);
  }
  const { items, lengths } = inputs;
  const sequence = { items, positions: linePositions(...items.shape) };
  const { states } = backbone.encode(parameters, shape, sequence, dropout);
  return lastPlaces(states, lengths);
}

/** Scores a fixed number of histories at a time; `dispose` frees the model's tensors. */
export interface ModelScorer {
  /** Histories of a call. */
  readonly batch: number;
  /** Longest history, in items. */
  readonly window: number;
  /** Size of the vocabulary. */
  readonly items: number;
  /**
   * @param histories at most `batch` of them
   * @returns `[batch, items]`; item `i` at place `i - 1`
   */
  score(histories: readonly DatedHistory[]): Float32Array;
  dispose(): void;
}

/** Puts a model on the active TF.js backend, for callers that want plain arrays. */
export function createScorer(model: RecommenderModel, batch: number): ModelScorer {
  const loaded = loadModel(model);
  const { window, items } = model.shape;
  return {
    batch,
    window,
    items,
    score: (histories) => {
      const arrays = historyArrays(model.shape, histories, batch, window);
      return readValues(() => scoreItems(loaded, historyTensors(arrays, window)));
    },
    dispose: loaded.dispose,
  };
}

/**
 * The numbers of a tensor, whose memory is freed with all that it was computed from. They are read outside of `tidy`,
 * which looks through every number that it hands back in search of tensors: most of the time of a forward pass.
 */
export function readValues(compute: () => tf.Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  const values = tensor.dataSync<'float32'>();
  tensor.dispose();
  return values;
}
