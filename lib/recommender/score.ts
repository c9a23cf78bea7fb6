import * as tf from '@tensorflow/tfjs-core';
import { backbones } from './backbones/index.ts';
import { supervisedHead, supervisedStates, valuesOfAll } from './heads.ts';
import type { RecommenderModel } from './model-file.ts';
import type { Scorer } from './ranking.ts';

/** A model on the active TF.js backend, ready to score; `dispose` frees its tensors. */
export interface ModelScorer extends Scorer {
  dispose(): void;
}

/**
 * Puts a model on whatever TF.js backend is active (native, WebAssembly, plain JavaScript). Nothing here needs a
 * native library.
 *
 * @param batch histories a call takes
 */
export function createScorer(model: RecommenderModel, batch: number): ModelScorer {
  const { shape } = model;
  const backbone = backbones[model.backbone];
  const parameters = Object.fromEntries(
    [...model.weights].map(([name, weights]) => [
      name,
      tf.tensor(weights.values, [...weights.shape]),
    ]),
  );
  return {
    batch,
    window: shape.window,
    items: shape.items,
    score(items, lengths) {
      return tf.tidy(() => {
        const sequence = {
          items: tf.tensor2d(items, [batch, shape.window], 'int32'),
          positions: linePositions(batch, shape.window),
        };
        const { states } = backbone.encode(parameters, shape, sequence, (x) => x);
        const last = lastPlaces(states, tf.tensor1d(lengths, 'int32')); // [batch, state]
        const values = valuesOfAll(supervisedHead(parameters), supervisedStates(parameters, last));
        return values.dataSync<'float32'>();
      });
    },
    dispose() {
      tf.dispose(parameters);
    },
  };
}

/** int32 `[lines, time]`: one sequence a line, from its beginning. */
export function linePositions(lines: number, time: number): tf.Tensor2D {
  return tf.tile(tf.expandDims(tf.range(0, time, 1, 'int32'), 0), [lines, 1]) as tf.Tensor2D;
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
  return tf.gather(
    tf.reshape(states, [lines * time, width]),
    tf.add(begins, last) as tf.Tensor1D,
  ) as tf.Tensor2D;
}
