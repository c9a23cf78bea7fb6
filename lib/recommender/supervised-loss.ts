import { tf } from '#lib/graph/tensorflow.ts';
import type { ResolvedModel } from '#lib/pipeline/config/training.ts';
import { softmaxCrossEntropy } from './cross-entropy.ts';
import { type Head, rowsOf, valuesOf, valuesOfAll } from './heads.ts';

/** Largest catalogue on which `auto` still compares every target with every item. */
const fullCatalogue = 50_000;

/** The supervised loss that a model's setting means for a catalogue. */
export function supervisedLoss(
  model: Pick<ResolvedModel, 'loss'>,
  items: number,
): Exclude<ResolvedModel['loss'], 'auto'> {
  if (model.loss !== 'auto') return model.loss;
  return items <= fullCatalogue ? 'cross-entropy' : 'sampled-softmax';
}

/** Losses of the logged actions, and of the augmented ones where there are any, both `[places]`. */
export interface SupervisedLosses {
  readonly logged: tf.Tensor1D;
  readonly augmented: tf.Tensor1D | undefined;
}

/** What a supervised loss compares. */
export interface Comparison {
  readonly head: Head;
  /** `[places, state]` */
  readonly states: tf.Tensor2D;
  /** int32 `[places]` */
  readonly logged: tf.Tensor1D;
  /** int32 `[places]` */
  readonly augmented: tf.Tensor1D | undefined;
}

/** Items that a sampled loss compares all places with. */
export interface SampledItems {
  /** int32 `[sampled]` */
  readonly items: tf.Tensor1D;
  /** log of how often each was expected to be drawn, `[sampled]` */
  readonly logCounts: tf.Tensor1D;
}

/**
 * Softmax cross-entropy over the whole catalogue. Both actions share one pass over it: `CE(b) = CE(a) + z_a - z_b`.
 */
export function crossEntropy({ head, states, logged, augmented }: Comparison): SupervisedLosses {
  const each = softmaxCrossEntropy(head, states, rowsOf(logged)); // [places]
  if (augmented === undefined) return { logged: each, augmented: undefined };
  const values = valuesOf(head, states, tf.stack([logged, augmented], 1) as tf.Tensor2D); // [places, 2]
  const [own, other] = tf.split(values, 2, 1) as [tf.Tensor2D, tf.Tensor2D]; // [places, 1] each
  return { logged: each, augmented: tf.add(each, tf.squeeze(tf.sub(own, other), [1])) };
}

/**
 * Softmax over the target and sampled items, each sample counted as often as it stands for others:
 * `-z_a + log(exp(z_a) + sum_(j != a) exp(z_j) / expected count_j)`. The sum estimates the one over the catalogue without
 * bias (Bengio and Senecal 2008; logQ correction, Yi et al. 2019), and the target is not corrected, since it is there for
 * certain. With every item sampled once it is the full cross-entropy.
 */
export function sampledSoftmax(comparison: Comparison, sampled: SampledItems): SupervisedLosses {
  const { values, own } = sampledValues(comparison, sampled);
  const corrected = tf.sub(values, sampled.logCounts); // [places, sampled]
  const loss = (actions: tf.Tensor1D, ownValue: tf.Tensor1D): tf.Tensor1D => {
    const others = tf.add(corrected, tf.mul(isSame(actions, sampled.items), hidden));
    const all = tf.concat([tf.expandDims(ownValue, 1), others], 1); // [places, sampled + 1]
    return tf.sub(tf.logSumExp(all, 1), ownValue);
  };
  return both(comparison, own, loss);
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
): SupervisedLosses {
  const { values, own } = sampledValues(comparison, sampled);
  const count = sampled.items.shape[0];
  const alpha = count / Math.max(1, comparison.head.kernel.shape[0] - 1);
  const beta = alpha * (calibration * (1 - 1 / alpha) + 1 / alpha);
  const each = tf.softplus(values); // -log(1 - sigmoid(z)), [places, sampled]
  const loss = (actions: tf.Tensor1D, ownValue: tf.Tensor1D): tf.Tensor1D => {
    const others = tf.mul(each, tf.sub(1, isSame(actions, sampled.items)));
    const positive = tf.mul(tf.softplus(tf.neg(ownValue)), beta); // -log(sigmoid(z)^beta)
    return tf.add(positive, tf.sum(others, 1));
  };
  return both(comparison, own, loss);
}

/** Taken off the value of a sampled item that is the target itself. */
const hidden = -1e9;

/** Values of the sampled items `[places, sampled]` and of the logged and augmented actions `[places, 1 or 2]`. */
function sampledValues({ head, states, logged, augmented }: Comparison, { items }: SampledItems) {
  const rows = rowsOf(items);
  const part: Head = {
    kernel: tf.gather(head.kernel, rows),
    bias: head.bias === undefined ? undefined : tf.gather(head.bias, rows),
  };
  const actions = augmented === undefined ? [logged] : [logged, augmented];
  return {
    values: valuesOfAll(part, states),
    own: valuesOf(head, states, tf.stack(actions, 1) as tf.Tensor2D),
  };
}

/** 1 where a sampled item is the place's own action, `[places, sampled]`. */
function isSame(actions: tf.Tensor1D, items: tf.Tensor1D): tf.Tensor {
  return tf.cast(tf.equal(tf.expandDims(actions, 1), tf.expandDims(items, 0)), 'float32');
}

function both(
  { logged, augmented }: Comparison,
  own: tf.Tensor2D,
  loss: (actions: tf.Tensor1D, ownValue: tf.Tensor1D) => tf.Tensor1D,
): SupervisedLosses {
  const column = (index: number): tf.Tensor1D =>
    tf.squeeze(tf.slice(own, [0, index], [-1, 1]), [1]);
  return {
    logged: loss(logged, column(0)),
    augmented: augmented === undefined ? undefined : loss(augmented, column(1)),
  };
}
