import * as tf from '@tensorflow/tfjs-core';
import type { BackboneShape, HistoryInputs, SequenceInputs } from './backbone.ts';
import { lastPlaces, linePositions } from './layers.ts';

/** Histories, one per line, as sequences. */
export function sequenceOf(
  shape: BackboneShape,
  { items, lengths, baskets, times, requests }: HistoryInputs,
): SequenceInputs {
  const positions = linePositions(...items.shape);
  const steps = baskets === undefined ? lengths : basketsOf(items, baskets); // [lines]
  const room = tf.expandDims(tf.sub(tf.scalar(shape.window, 'int32'), steps), 1); // [lines, 1]
  return {
    items,
    positions,
    ...(shape.positionsFrom === 'end' && { room: room as tf.Tensor2D }),
    ...(baskets && { baskets }),
    ...(times && { times }),
    ...(requests && { requests }),
  };
}

/** Baskets of each line, int32 `[lines]`. */
function basketsOf(items: tf.Tensor2D, baskets: tf.Tensor2D): tf.Tensor1D {
  const isItem = tf.cast(tf.greater(items, tf.scalar(0, 'int32')), 'int32');
  return tf.max(tf.mul(tf.add(baskets, tf.scalar(1, 'int32')), isItem), 1);
}

/** 1 for the items of each line's last basket, `[lines, 1, time]`; the first, empty place of an empty line. */
export function isInLast(
  items: tf.Tensor2D,
  lengths: tf.Tensor1D,
  baskets: tf.Tensor2D,
): tf.Tensor {
  const last = tf.expandDims(tf.sub(basketsOf(items, baskets), tf.scalar(1, 'int32')), 1);
  const isMember = tf.logicalAnd(tf.equal(baskets, last), tf.greater(items, tf.scalar(0, 'int32')));
  const isFirst = tf.equal(tf.range(0, items.shape[1], 1, 'int32'), tf.scalar(0, 'int32'));
  const isEmpty = tf.expandDims(tf.equal(lengths, tf.scalar(0, 'int32')), 1);
  const isShown = tf.logicalOr(isMember, tf.logicalAnd(isEmpty, tf.expandDims(isFirst, 0)));
  return tf.expandDims(isShown, 1);
}

/** Of `[lines, time, time]` the row of each line's last place, `[lines, 1, time]`. */
export function lastRow(x: tf.Tensor, lengths: tf.Tensor1D): tf.Tensor {
  const rows = tf.cast(x, 'int32') as tf.Tensor3D;
  return tf.expandDims(lastPlaces(rows, lengths), 1);
}
