import type { ResolvedModel } from '#lib/contracts/config/training.ts';
import type { RowsGradient } from '#lib/graph/adam.ts';
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
import { withCodes } from './item-table.ts';
import { batchLoss } from './loss.ts';
import type { Network } from './network.ts';
import { objectives } from './objectives/index.ts';
import type { Places } from './objectives/objective.ts';
import { RowGradients, rowGradients } from './row-gradients.ts';
import { supervisedLoss } from './supervised-loss.ts';
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
 * @param codes of the items, int32 `[items, codebooks]`, for a network whose vectors are made of parts
 */
export function lossAndGradients(
  network: Network,
  layout: BatchLayout,
  { main, target }: NetworkPair,
  tensors: Readonly<Record<string, tf.Tensor>>,
  texts?: { readonly vectors: tf.Tensor2D; readonly warmItems: number },
  codes?: tf.Tensor2D,
): {
  losses: Record<keyof StepLosses, tf.Tensor>;
  gradients: Record<string, tf.Tensor | RowsGradient>;
} {
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
        main: withCodes(completeTables(main, texts?.vectors), codes),
        target: withCodes(completeTables(target, texts?.vectors), codes),
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
  const read = readsRows(network, model) ? new RowGradients() : undefined;
  const { value: loss, grads } = tf.variableGrads(() => {
    const complete = withCodes(completeTables(main, texts?.vectors, known), codes);
    const parameters = { ...complete, [rowGradients]: read };
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
  }, [...Object.values(main), ...(read === undefined ? [] : [read.anchor])]);
  const [supervised, reinforcement] = kept.map((part) => tf.clone(part)) as [tf.Tensor, tf.Tensor];
  tf.dispose(kept);
  const { [read?.anchor.name ?? '']: _, ...gradients } = grads;
  const ofRows = Object.entries(read?.take() ?? {}).map(
    ([table, gradient]) => [main[table]!.name, gradient] as const,
  );
  return {
    losses: { loss, supervised, reinforcement },
    gradients: { ...gradients, ...Object.fromEntries(ofRows) },
  };
}

/** Whether a step reads rows of its item tables and never the whole of one, so that its gradients are those of rows. */
function readsRows({ text, itemCodes, shape }: Network, model: ResolvedModel): boolean {
  const isPlain = text === undefined && itemCodes === undefined;
  return isPlain && supervisedLoss(model, shape.items) !== 'cross-entropy';
}
