import { tf } from '#lib/graph/tensorflow.ts';
import type { Dropout, Parameters } from './backbones/backbone.ts';
import { fusedCrossEntropy } from './cross-entropy.ts';
import {
  bestItems,
  enrich,
  qHead,
  rowsOf,
  supervisedHead,
  supervisedStates,
  valuesOf,
  valuesOfAll,
} from './heads.ts';
import type { Network } from './network.ts';
import type { Bootstrap, Objective, Values } from './objectives/objective.ts';

/** Tensors of a batch, see `TrainingBatch`; those that the model does not use are missing. */
export interface BatchTensors {
  readonly items: tf.Tensor2D;
  readonly positions: tf.Tensor2D;
  /** int32 `[places]` */
  readonly targets: tf.Tensor1D;
  /** int32 `[places, negatives]` */
  readonly negatives?: tf.Tensor2D;
  /** int32 `[places]` */
  readonly augmentedActions?: tf.Tensor1D;
  /** `[places, environment]` */
  readonly environmentStates?: tf.Tensor2D;
}

/** States of all places of a batch, `[places, state]`, and those after one other item each. */
export interface PlaceStates {
  readonly states: tf.Tensor2D;
  branch(items: tf.Tensor1D): tf.Tensor2D;
}

/** Runs the backbone over a batch. */
export function encodePlaces(
  network: Network,
  parameters: Parameters,
  batch: BatchTensors,
  dropout: Dropout,
): PlaceStates {
  const encoding = network.backbone.encode(parameters, network.shape, batch, dropout);
  const width = encoding.states.shape[2];
  return {
    states: tf.reshape(encoding.states, [-1, width]), // [places, state]
    branch: (items) =>
      tf.reshape(encoding.branch(tf.reshape(items, batch.items.shape)), [-1, width]),
  };
}

/** Outside training nothing is dropped. */
export const keepAll: Dropout = (x) => x;

/**
 * Bootstrap values from one pass of each network: every place's own value serves its negatives, and one place later it
 * is the next state's value of the place before. Nothing is computed twice, and nothing that is not asked for.
 */
export function bootstrapValues(
  network: Network,
  main: Parameters,
  target: Parameters,
  batch: BatchTensors,
  dropouts: { readonly main: Dropout; readonly target: Dropout },
): Bootstrap {
  const encoded = once(() => ({
    main: encodePlaces(network, main, batch, dropouts.main),
    target: encodePlaces(network, target, batch, dropouts.target),
  }));
  const valueOf = (mainStates: tf.Tensor2D, targetStates: tf.Tensor2D) => {
    const environment = batch.environmentStates;
    const best = bestItems(qHead(main), enrich(main, mainStates, environment)); // [places]
    const values = valuesOf(
      qHead(target),
      enrich(target, targetStates, environment),
      tf.expandDims(best, 1),
    );
    return tf.squeeze(values, [1]) as tf.Tensor1D; // [places]
  };
  const current = once(() => valueOf(encoded().main.states, encoded().target.states));
  return {
    current,
    next: once(() => shiftBack(current(), batch.items.shape)),
    consumed: once(() => {
      const actions = batch.augmentedActions;
      if (actions === undefined) throw new TypeError('The batch has no augmented actions.');
      // The LE knows no state after an action that never happened; the one before it stands in.
      return valueOf(encoded().main.branch(actions), encoded().target.branch(actions));
    }),
  };
}

/** `[places]`: each place's value becomes that of the place after it in its line; the last one's is 0. */
function shiftBack(values: tf.Tensor1D, [lines, time]: [number, number]): tf.Tensor1D {
  const byLine = tf.reshape(values, [lines, time]);
  const later = tf.slice(byLine, [0, 1], [lines, time - 1]); // [lines, time - 1]
  return tf.reshape(
    tf.pad(later, [
      [0, 0],
      [0, 1],
    ]),
    [lines * time],
  );
}

/** Values of the main network's Q head with gradient; logged, negative and augmented actions in one gather. */
export function actionValues(
  objective: Objective,
  parameters: Parameters,
  states: tf.Tensor2D,
  batch: BatchTensors,
): Values {
  const enriched = once(() => enrich(parameters, states, batch.environmentStates));
  const negatives = objective.usesNegatives ? batch.negatives : undefined;
  const columns = [
    tf.expandDims(batch.targets, 1),
    ...(negatives === undefined ? [] : [negatives]),
    ...(batch.augmentedActions === undefined ? [] : [tf.expandDims(batch.augmentedActions, 1)]),
  ] as tf.Tensor2D[];
  const count = negatives === undefined ? 0 : negatives.shape[1];
  const all = once(() => {
    const actions = columns.length === 1 ? columns[0]! : tf.concat(columns, 1);
    return valuesOf(qHead(parameters), enriched(), actions); // [places, 1 + negatives + augmented]
  });
  const column = (index: number) =>
    tf.squeeze(tf.slice(all(), [0, index], [-1, 1]), [1]) as tf.Tensor1D;
  return {
    positive: once(() => column(0)),
    negatives: once(() => tf.slice(all(), [0, 1], [-1, count]) as tf.Tensor2D),
    augmented: once(() => column(1 + count)),
    best: once(() => {
      const best = tf.expandDims(bestItems(qHead(parameters), enriched()), 1) as tf.Tensor2D;
      return tf.squeeze(valuesOf(qHead(parameters), enriched(), best), [1]) as tf.Tensor1D;
    }),
    logProbability: once(() => {
      const values = valuesOfAll(supervisedHead(parameters), supervisedStates(parameters, states)); // [places, items]
      return tf.neg(fusedCrossEntropy(values, rowsOf(batch.targets))[0]);
    }),
  };
}

/** Computes on the first call and remembers. */
function once<T>(compute: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => {
    result ??= { value: compute() };
    return result.value;
  };
}
