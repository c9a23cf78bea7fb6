import { fullCatalogueItems, type ResolvedModel } from '#lib/contracts/config/training.ts';
import { tf } from '#lib/graph/tensorflow.ts';
import { type Head, rowsOf, valuesOf } from './heads.ts';
import { softmaxNormaliser, type Table } from './softmax-normaliser.ts';

/** The supervised loss that a model's setting means for a catalogue. */
export function supervisedLoss(
  model: Pick<ResolvedModel, 'loss'>,
  items: number,
): Exclude<ResolvedModel['loss'], 'auto'> {
  if (model.loss !== 'auto') return model.loss;
  return items <= fullCatalogueItems ? 'cross-entropy' : 'sampled-softmax';
}

/** What a supervised loss compares. */
export interface Comparison {
  readonly head: Head;
  /** Items of the head, from the first on, that the right ones are compared with; the rest is left out. */
  readonly compared: number;
  /** `[places, state]` */
  readonly states: tf.Tensor2D;
  /** int32 `[places, k]`: actions that are right (logged, augmented, later ones). */
  readonly actions: tf.Tensor2D;
  /** Their weights, without gradient, `[places, k]`. */
  readonly weights: tf.Tensor2D;
}

/** Items that a sampled loss compares all places with. */
export interface SampledItems {
  /** int32 `[sampled]` */
  readonly items: tf.Tensor1D;
  /** log of how often each was expected to be drawn, `[sampled]` */
  readonly logCounts: tf.Tensor1D;
}

/**
 * Softmax cross-entropy over the whole catalogue, weighted and summed. All actions of a place share one pass over it:
 * `w CE(a) + w' CE(b) = (w + w') log sum exp z - w z_a - w' z_b`.
 */
export function crossEntropy(comparison: Comparison): tf.Scalar {
  const { head, states, actions, weights } = comparison;
  const normaliser = softmaxNormaliser(comparedPart(comparison), states, tf.sum(weights, 1));
  const own = valuesOf(head, states, actions); // [places, k]
  return tf.sub(normaliser, tf.sum(tf.mul(own, weights)));
}

function comparedPart({ head: { kernel, bias }, compared }: Comparison): Table {
  if (compared === kernel.items) return { kernel: kernel.whole(), bias };
  return {
    kernel: kernel.part(0, compared),
    bias: bias === undefined ? undefined : tf.slice(bias, [0], [compared]),
  };
}

/**
 * Softmax over the target and sampled items, each sample counted as often as it stands for others:
 * `-z_a + log(exp(z_a) + sum_(j != a) exp(z_j) / expected count_j)`. The sum estimates the one over the catalogue without
 * bias (Bengio and Senecal 2008; logQ correction, Yi et al. 2019), and the target is not corrected, since it is there for
 * certain. With every item sampled once it is the full cross-entropy.
 */
export function sampledSoftmax(comparison: Comparison, sampled: SampledItems): tf.Scalar {
  const corrected = tf.sub(sampledValues(comparison, sampled), sampled.logCounts); // [places, sampled]
  return weightedSum(comparison, (actions, own) => {
    const others = tf.add(corrected, tf.mul(isSame(actions, sampled.items), hidden));
    const all = tf.concat([tf.expandDims(own, 1), others], 1); // [places, sampled + 1]
    return tf.sub(tf.logSumExp(all, 1), own);
  });
}

/**
 * gBCE (gSASRec, Petrov and Macdonald 2023, https://arxiv.org/abs/2308.07192, equation 13): binary cross-entropy with the
 * target's probability raised to `beta = alpha (t (1 - 1 / alpha) + 1 / alpha)`, where `alpha` is the share of items that
 * are sampled; this undoes the overconfidence that sampling brings.
 */
export function generalisedBinaryCrossEntropy(
  comparison: Comparison,
  sampled: SampledItems,
  calibration: number,
): tf.Scalar {
  const alpha = sampled.items.shape[0] / Math.max(1, comparison.head.kernel.items - 1);
  const beta = alpha * (calibration * (1 - 1 / alpha) + 1 / alpha);
  const each = tf.softplus(sampledValues(comparison, sampled)); // -log(1 - sigmoid(z)), [places, sampled]
  return weightedSum(comparison, (actions, own) => {
    const others = tf.mul(each, tf.sub(1, isSame(actions, sampled.items)));
    const positive = tf.mul(tf.softplus(tf.neg(own)), beta); // -log(sigmoid(z)^beta)
    return tf.add(positive, tf.sum(others, 1));
  });
}

/** Taken off the value of a sampled item that is the target itself. */
const hidden = -1e9;

/** Values of the sampled items, `[places, sampled]`. */
function sampledValues({ head, states }: Comparison, { items }: SampledItems): tf.Tensor2D {
  const rows = rowsOf(items);
  const kernels = head.kernel.rows(rows) as tf.Tensor2D; // [sampled, state]
  const values: tf.Tensor2D = tf.matMul(states, kernels, false, true);
  return head.bias === undefined ? values : tf.add(values, tf.gather(head.bias, rows));
}

/** 1 where a sampled item is the place's own action, `[places, sampled]`. */
function isSame(actions: tf.Tensor1D, items: tf.Tensor1D): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(actions, 1), tf.expandDims(items, 0)), 'float32');
}

/** Sums a loss of single actions (given with their values, all `[places]`) with its weights. */
function weightedSum(
  comparison: Comparison,
  loss: (actions: tf.Tensor1D, own: tf.Tensor1D) => tf.Tensor,
): tf.Scalar {
  const { actions, weights } = comparison;
  const own = valuesOf(comparison.head, comparison.states, actions); // [places, k]
  const losses = tf
    .unstack(actions, 1)
    .map((action, index) =>
      loss(action as tf.Tensor1D, tf.squeeze(tf.slice(own, [0, index], [-1, 1]), [1])),
    );
  return tf.sum(tf.mul(tf.stack(losses, 1), weights));
}
