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
import { type CodedHead, codedHead, partialScores, writeScores } from './coded-scores.ts';
import { isOfSupervisedHead, supervisedHead, supervisedStates, valuesOfAll } from './heads.ts';
import { type DatedHistory, historyArrays, historyTensors } from './history-arrays.ts';
import { itemCodes } from './item-table.ts';
import type { RecommenderModel } from './model-file.ts';
import type { Weights } from './parameters.ts';

/** A model on the active TF.js backend. */
export interface LoadedModel {
  readonly backbone: Backbone;
  readonly shape: BackboneShape;
  readonly parameters: Parameters;
  /** The supervised head's kernel the other way round, `[state, items]`, on a backend that multiplies faster by it. */
  readonly transposed?: tf.Tensor2D;
  /** The supervised head of a model whose items are made of parts, which scores in plain memory. */
  readonly coded?: CodedHead;
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
    kept.map(([name, { shape, values }]) => [
      name,
      values instanceof Uint8Array
        ? tf.tensor(Int32Array.from(values), [...shape], 'int32')
        : tf.tensor(values, [...shape]),
    ]),
  );
  const codes = model.weights.get(itemCodes)?.values as Uint8Array | undefined;
  const coded =
    codes &&
    codedHead(
      codes,
      model.shape.items,
      (name) => model.weights.get(name) as Weights<Float32Array> | undefined,
    );
  // WebAssembly has a fast product (XNNPACK) for matrices that are not to be transposed, and a slow one for all others.
  const isFaster = scoresAll && tf.getBackend() === 'wasm' && coded === undefined;
  const transposed = isFaster ? tf.transpose(supervisedHead(parameters).kernel.whole()) : undefined;
  return {
    backbone: backbones[model.backbone],
    shape: model.shape,
    parameters,
    ...(transposed !== undefined && { transposed }),
    ...(coded !== undefined && { coded }),
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
function statesForItems(
  { backbone, shape, parameters }: Pick<LoadedModel, 'backbone' | 'shape' | 'parameters'>,
  histories: HistoryInputs,
): tf.Tensor2D {
  const last = lastStates(backbone, shape, parameters, histories, (x) => x); // [lines, state]
  return supervisedStates(parameters, last);
}

/** `[lines, head]` -> scores of all items, `[lines, items]`. */
function scoreStates(
  { parameters, transposed }: Pick<LoadedModel, 'parameters' | 'transposed'>,
  states: tf.Tensor2D,
): tf.Tensor2D {
  return valuesOfAll({ ...supervisedHead(parameters), transposed }, states);
}

/**
 * The same in plain arrays; a model whose items are made of parts adds up parts of scores in place of multiplying.
 *
 * @param states `[lines, head]`
 * @returns `[lines, items]`; item `i` at place `i - 1`
 */
export function scoreAll(loaded: LoadedModel, states: Float32Array, lines: number): Float32Array {
  const { coded, shape } = loaded;
  const width = states.length / lines;
  if (coded === undefined) {
    return readValues(() => scoreStates(loaded, tf.tensor2d(states, [lines, width])));
  }
  const scores = new Float32Array(lines * shape.items);
  for (let line = 0; line < lines; line++) {
    const partial = partialScores(coded, states.subarray(line * width, (line + 1) * width));
    writeScores(coded, partial, scores.subarray(line * shape.items, (line + 1) * shape.items));
  }
  return scores;
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

/** Scores histories; `dispose` frees the model's tensors. */
export interface ModelScorer {
  /** @returns `[histories, items]`; item `i` at place `i - 1` */
  score(histories: readonly DatedHistory[]): Float32Array;
  /** The first half of `score`, of which little has to be kept: see `statesAfter`. @returns `[histories, head]` */
  states(histories: readonly DatedHistory[]): Float32Array;
  /** The second half. @param states `[lines, head]` @returns `[lines, items]` */
  scoresOf(states: Float32Array, lines: number): Float32Array;
  dispose(): void;
}

/** Puts a model on the active TF.js backend, for callers that want plain arrays. */
export function createScorer(model: RecommenderModel): ModelScorer {
  const loaded = loadModel(model);
  const states = (histories: readonly DatedHistory[]) => statesAfter(loaded, histories);
  const scoresOf = (of: Float32Array, lines: number) => scoreAll(loaded, of, lines);
  return {
    states,
    scoresOf,
    score: (histories) => scoresOf(states(histories), histories.length),
    dispose: loaded.dispose,
  };
}

/** States after histories, `[histories, head]`; only as many places are computed as the longest history needs. */
export function statesAfter(loaded: LoadedModel, histories: readonly DatedHistory[]): Float32Array {
  const { shape } = loaded;
  const longest = histories.reduce((most, { items }) => Math.max(most, items.length), 1);
  const time = Math.min(longest, shape.window);
  const arrays = historyArrays(shape, histories, histories.length, time);
  return readValues(() => statesForItems(loaded, historyTensors(arrays, time)));
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
