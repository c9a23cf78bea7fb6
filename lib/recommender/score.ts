import * as tf from '@tensorflow/tfjs-core';
import type { Backbone, BackboneShape, Parameters } from './backbones/backbone.ts';
import { backbones } from './backbones/index.ts';
import { supervisedHead, supervisedStates, valuesOfAll } from './heads.ts';
import type { RecommenderModel } from './model-file.ts';

/** A model on the active TF.js backend. */
export interface LoadedModel {
  readonly backbone: Backbone;
  readonly shape: BackboneShape;
  readonly parameters: Parameters;
  /** Frees the tensors. */
  dispose(): void;
}

/**
 * Puts a model's weights on whatever TF.js backend is active (native, WebAssembly, plain JavaScript). Nothing here needs
 * a native library.
 */
export function loadModel(model: RecommenderModel): LoadedModel {
  const parameters = Object.fromEntries(
    [...model.weights].map(([name, { shape, values }]) => [name, tf.tensor(values, [...shape])]),
  );
  return {
    backbone: backbones[model.backbone],
    shape: model.shape,
    parameters,
    dispose: () => tf.dispose(parameters),
  };
}

/**
 * Scores of all items after each history, higher is better, dropout off.
 *
 * @param items int32 `[cases, window]`, right-padded with 0
 * @param lengths int32 `[cases]`
 * @returns `[cases, items]`; item `i` at place `i - 1`
 */
export function scoreItems(
  { backbone, shape, parameters }: Pick<LoadedModel, 'backbone' | 'shape' | 'parameters'>,
  items: tf.Tensor2D,
  lengths: tf.Tensor1D,
): tf.Tensor2D {
  const sequence = { items, positions: linePositions(...items.shape) };
  const { states } = backbone.encode(parameters, shape, sequence, (x) => x);
  const last = lastPlaces(states, lengths); // [cases, state]
  return valuesOfAll(supervisedHead(parameters), supervisedStates(parameters, last));
}

/** int32 `[lines, time]`: one sequence a line, from its beginning. */
export function linePositions(lines: number, time: number): tf.Tensor2D {
  return tf.tile(tf.expandDims(tf.range(0, time, 1, 'int32'), 0), [lines, 1]);
}

/**
 * The state after each line's last item: `[lines, time, state]` -> `[lines, state]`.
 *
 * @param lengths int32 `[lines]`; an empty line gives the state of its first, empty place
 */
export function lastPlaces(states: tf.Tensor3D, lengths: tf.Tensor1D): tf.Tensor2D {
  const [lines, time, width] = states.shape;
  const begins = tf.range(0, lines * time, time, 'int32');
  const last = tf.maximum(tf.sub(lengths, tf.scalar(1, 'int32')), tf.scalar(0, 'int32'));
  const flat = tf.reshape(states, [lines * time, width]) as tf.Tensor;
  return tf.gather(flat, tf.add(begins, last) as tf.Tensor1D) as tf.Tensor2D;
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
   * @param items int32 `[batch, window]`, right-padded with 0
   * @param lengths int32 `[batch]`
   * @returns `[batch, items]`; item `i` at place `i - 1`
   */
  score(items: Int32Array, lengths: Int32Array): Float32Array;
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
    score: (histories, lengths) =>
      tf.tidy(() =>
        scoreItems(
          loaded,
          tf.tensor2d(histories, [batch, window], 'int32'),
          tf.tensor1d(lengths, 'int32'),
        ).dataSync<'float32'>(),
      ),
    dispose: loaded.dispose,
  };
}
