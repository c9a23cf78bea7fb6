import { tf } from '#lib/graph/tensorflow.ts';
import type { Parameters } from './backbones/backbone.ts';
import { bestValues } from './best-items.ts';
import { type BatchTensors, tensorOf } from './data/batch.ts';
import { enrich, qHead, supervisedHead, supervisedStates, valuesOf, valuesOfAll } from './heads.ts';
import type { Values } from './objectives/objective.ts';
import { once } from './once.ts';
import { rowBlocks } from './row-blocks.ts';

/**
 * Values of the main network's Q head with gradient; logged, negative and augmented actions in one gather.
 *
 * @param states `[places, state]`
 */
export function actionValues(
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
): Values {
  const environment = batch.environmentStates;
  const enriched = once(() => enrich(parameters, states, environment));
  const negatives = batch.negatives; // [places, negatives]
  const augmented = batch.augmentedActions;
  const count = negatives?.shape[1] ?? 0;
  const all = once(() => {
    const columns = [
      tf.expandDims(tensorOf(batch, 'targets'), 1),
      ...(negatives === undefined ? [] : [negatives]),
      ...(augmented === undefined ? [] : [tf.expandDims(augmented, 1)]),
    ] as tf.Tensor2D[];
    const actions = columns.length === 1 ? columns[0]! : tf.concat(columns, 1);
    return valuesOf(qHead(parameters), enriched(), actions); // [places, 1 + negatives + augmented]
  });
  const column = (index: number): tf.Tensor1D =>
    tf.squeeze(tf.slice(all(), [0, index], [-1, 1]), [1]);
  return {
    positive: once(() => column(0)),
    negatives: once(() => tf.slice(all(), [0, 1], [-1, count])),
    augmented: once(() => column(1 + count)),
    best: once(() => bestValues(qHead(parameters), enriched())),
    logProbability: once(() => {
      const head = supervisedHead(parameters);
      const narrow = supervisedStates(parameters, states);
      const own = valuesOf(head, narrow, tf.expandDims(tensorOf(batch, 'targets'), 1)); // [places, 1]
      const normalisers = rowBlocks(narrow, head.kernel.items).map((block) =>
        tf.logSumExp(valuesOfAll(head, block), 1),
      );
      return tf.sub(tf.squeeze(own, [1]), tf.concat(normalisers));
    }),
  };
}
