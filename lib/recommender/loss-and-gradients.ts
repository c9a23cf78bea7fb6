import { dropout, SeedStream } from '#lib/graph/random.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { actionValues } from './action-values.ts';
import type { Dropout } from './backbones/backbone.ts';
import { type BatchTensors, strictly } from './data/batch.ts';
import type { BatchLayout } from './data/layout.ts';
import { baskets } from './designs/baskets.ts';
import type { Design } from './designs/design.ts';
import { lines } from './designs/lines.ts';
import { prefixes } from './designs/prefixes.ts';
import { batchLoss } from './loss.ts';
import type { Network } from './network.ts';
import { objectives } from './objectives/index.ts';
import type { Places } from './objectives/objective.ts';
import { completeTables, knownItems } from './text-table.ts';

/** What a training step reports, means a target. */
export interface StepLosses {
  readonly loss: number;
  readonly supervised: number;
  readonly reinforcement: number;
}

const designs: Readonly<Record<BatchLayout['kind'], Design>> = { lines, baskets, prefixes };

/** Two copies of a network: one learns, the other judges. */
export interface NetworkPair {
  readonly main: Readonly<Record<string, tf.Variable>>;
  readonly target: Readonly<Record<string, tf.Variable>>;
}

/**
 * Targets without gradient, then the loss and its gradients by the variables' TF.js names.
 *
 * @param tensors the batch's arrays, `seed`, and `isActing` where the objective has a warm-up
 * @param texts vectors of the items' texts, `[items, dimension]`, and how many items have a training action, for a
 *   network that uses them
 */
export function lossAndGradients(
  network: Network,
  layout: BatchLayout,
  { main, target }: NetworkPair,
  tensors: Readonly<Record<string, tf.Tensor>>,
  texts?: { readonly vectors: tf.Tensor2D; readonly warmItems: number },
): { losses: Record<keyof StepLosses, tf.Tensor>; gradients: tf.NamedTensorMap } {
  const batch: BatchTensors = tensors;
  const { model } = layout;
  const objective = objectives[model.objective];
  const design = designs[layout.kind];
  const places = strictly<Places>(tensors);
  const seeds = new SeedStream(tensors.seed as tf.Tensor1D);
  const drop: Dropout = (x) => (model.dropout === 0 ? x : dropout(x, model.dropout, seeds.next()));
  // The published code draws dropout masks for its targets too.
  const inTargets: Dropout = model.preset === 'paper' ? drop : (x) => x;
  const targets = objective.computeTarget(
    places,
    design.bootstrap(
      network,
      {
        main: completeTables(main, texts?.vectors),
        target: completeTables(target, texts?.vectors),
      },
      batch,
      inTargets,
    ),
    model,
  );
  const { text, shape } = network;
  const known = text && knownItems(shape.items, text.settings, () => seeds.next());
  // Automatic differentiation disposes of everything but the loss; what is kept is handed on below.
  const kept: tf.Tensor[] = [];
  const { value: loss, grads } = tf.variableGrads(() => {
    const parameters = completeTables(main, texts?.vectors, known);
    const states = design.encode(network, parameters, batch, drop);
    const values = actionValues(parameters, states, batch);
    const decided = objective.computeLoss(places, values, targets, model);
    const { total, supervised, reinforcement } = batchLoss(
      model,
      parameters,
      states,
      batch,
      decided,
      texts?.warmItems,
    );
    kept.push(tf.keep(tf.clone(supervised)), tf.keep(tf.clone(reinforcement)));
    return total;
  }, Object.values(main));
  const [supervised, reinforcement] = kept.map((part) => tf.clone(part)) as [tf.Tensor, tf.Tensor];
  tf.dispose(kept);
  return { losses: { loss, supervised, reinforcement }, gradients: grads };
}
