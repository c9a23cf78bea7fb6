import * as tf from '@tensorflow/tfjs-core';

/** Scores held at once while ranking, `[cases, items]`: 64 MiB. */
const scoresAtOnce = 16 * 1024 * 1024;
const maximumCases = 256;

/** Cases to rank at once for a catalogue. */
export function rankingCases(items: number): number {
  return Math.max(1, Math.min(maximumCases, Math.floor(scoresAtOnce / items)));
}

/**
 * For each case how many items come before its target: a higher score, or the same score and a smaller index.
 *
 * @param scores `[cases, items]`
 * @param targets int32 item indices `[cases]`
 * @param excluded int32 item indices `[cases, k]`, padded with 0; undefined for none
 * @returns also the targets' own scores, `[cases]`: where one is no number, nothing is before it
 */
export function countAhead(
  scores: tf.Tensor2D,
  targets: tf.Tensor1D,
  excluded: tf.Tensor2D | undefined,
): {
  readonly ahead: tf.Tensor1D;
  readonly excludedAhead: tf.Tensor2D | undefined;
  readonly scores: tf.Tensor1D;
} {
  const one = tf.scalar(1, 'int32');
  const pick = (items: tf.Tensor) => {
    const rows = tf.maximum(tf.sub(items, one), tf.scalar(0, 'int32'));
    return tf.gather(scores as tf.Tensor, rows as tf.Tensor2D, 1, 1); // [cases, k]
  };
  const target = tf.expandDims(targets, 1); // [cases, 1]
  const own = pick(target); // [cases, 1]
  const isAhead = (score: tf.Tensor, items: tf.Tensor) =>
    tf.cast(
      tf.logicalOr(
        tf.greater(score, own),
        tf.logicalAnd(tf.equal(score, own), tf.less(items, target)),
      ),
      'int32',
    );
  const everyItem = tf.expandDims(tf.range(1, scores.shape[1] + 1, 1, 'int32'), 0); // [1, items]
  return {
    ahead: tf.sum(isAhead(scores, everyItem), 1),
    excludedAhead:
      excluded === undefined ? undefined : (isAhead(pick(excluded), excluded) as tf.Tensor2D),
    scores: tf.squeeze(own, [1]),
  };
}
