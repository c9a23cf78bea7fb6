import { describe, expect, it } from 'vitest';
import { tf } from '#lib/graph/tensorflow.ts';
import { standardise } from '#lib/recommender/backbones/layers.ts';
import { bestItems, bestValues } from '#lib/recommender/best-items.ts';
import { denseTable } from '#lib/recommender/item-table.ts';
import { randomStream } from '#lib/recommender/random.ts';
import { softmaxNormaliser, type Table } from '#lib/recommender/softmax-normaliser.ts';
import { crossEntropy, sampledSoftmax } from '#lib/recommender/supervised-loss.ts';

function draw(seed: number, shape: number[], size = 1): tf.Tensor {
  const random = randomStream(seed, 'gradients');
  const length = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length }, () => size * random.normal()),
    shape,
  );
}

/** Largest difference of a gradient from central differences along random directions, relative to their size. */
function gradientError(f: (...x: tf.Tensor[]) => tf.Tensor, at: readonly tf.Tensor[]): number {
  const gradients = tf.grads((...x) => f(...x))([...at]);
  const step = 1e-2;
  let worst = 0;
  at.forEach((x, index) => {
    for (let trial = 0; trial < 5; trial++) {
      const direction = draw(100 * index + trial, x.shape);
      const along = (sign: number) =>
        f(
          ...at.map((each, k) =>
            k === index ? tf.add(each, tf.mul(direction, sign * step)) : each,
          ),
        ).dataSync()[0]!;
      const numeric = (along(1) - along(-1)) / (2 * step);
      const analytic = tf.sum(tf.mul(gradients[index]!, direction)).dataSync()[0]!;
      worst = Math.max(worst, Math.abs(numeric - analytic) / (Math.abs(numeric) + 0.1));
    }
  });
  return worst;
}

describe('Gradients written out, against finite differences', () => {
  it('softmaxNormaliser', () => {
    // Arrange
    const [states, kernel, bias] = [draw(1, [6, 4]), draw(2, [9, 4]), draw(3, [9])];
    const weights = draw(4, [6]) as tf.Tensor1D;

    // Act
    const error = gradientError(
      (s, k, b) => softmaxNormaliser({ kernel: k, bias: b } as Table, s as tf.Tensor2D, weights),
      [states, kernel, bias],
    );

    // Assess
    expect(error).toBeLessThan(5e-3);
  });

  it('standardise', () => {
    // Arrange
    const target = draw(6, [5, 7]);

    // Act
    const error = gradientError((x) => tf.sum(tf.mul(standardise(x), target)), [draw(5, [5, 7])]);

    // Assess
    expect(error).toBeLessThan(5e-3);
  });

  it('bestValues', () => {
    // Arrange: values far enough apart that a small step does not change the best item
    const states = draw(7, [5, 3], 3);
    const kernel = draw(8, [6, 3], 3);
    const bias = draw(9, [6], 3);

    // Act
    const error = gradientError(
      (s, k, b) =>
        tf.sum(
          bestValues(
            { kernel: denseTable(k as tf.Tensor2D), bias: b as tf.Tensor1D },
            s as tf.Tensor2D,
          ),
        ),
      [states, kernel, bias],
    );

    // Assess
    expect(error).toBeLessThan(5e-3);
  });
});

describe('Function: softmaxNormaliser', () => {
  it('is the same in many blocks of rows as in one', () => {
    // Arrange: 40,000 items make blocks of 52 rows
    const [states, kernel] = [
      draw(1, [120, 4]) as tf.Tensor2D,
      draw(2, [40_000, 4]) as tf.Tensor2D,
    ];
    const weights = draw(3, [120]) as tf.Tensor1D;

    // Act
    const value = softmaxNormaliser({ kernel, bias: undefined }, states, weights).dataSync()[0]!;

    // Assess
    const whole = tf.logSumExp(tf.matMul(states, kernel, false, true), 1);
    expect(value).toBeCloseTo(tf.sum(tf.mul(whole, weights)).dataSync()[0]!, 1);
  });

  it('does not overflow', () => {
    // Arrange
    const states = tf.tensor2d([[1000], [-1000]]);
    const kernel = tf.tensor2d([[1], [0.5]]);

    // Act
    const value = softmaxNormaliser({ kernel, bias: undefined }, states, tf.tensor1d([1, 1]));

    // Assess
    expect(value.dataSync()[0]).toBeCloseTo(1000 - 500, 1);
  });
});

describe('Function: sampledSoftmax', () => {
  it('is the cross-entropy when every item is sampled once', () => {
    // Arrange
    const items = 12;
    const comparison = {
      head: {
        kernel: denseTable(draw(1, [items, 4]) as tf.Tensor2D),
        bias: draw(2, [items]) as tf.Tensor1D,
      },
      compared: items,
      states: draw(3, [5, 4]) as tf.Tensor2D,
      actions: tf.tensor2d(
        [
          [1, 3],
          [2, 2],
          [12, 1],
          [4, 5],
          [7, 7],
        ],
        [5, 2],
        'int32',
      ),
      weights: tf.abs(draw(4, [5, 2])) as tf.Tensor2D,
    };
    const every = {
      items: tf.range(1, items + 1, 1, 'int32'),
      logCounts: tf.zeros([items]) as tf.Tensor1D,
    };

    // Act
    const sampled = sampledSoftmax(comparison, every).dataSync()[0]!;

    // Assess
    expect(sampled).toBeCloseTo(crossEntropy(comparison).dataSync()[0]!, 3);
  });
});

describe('Function: bestItems', () => {
  it.each([3, 50, 997, 20_011, 70_001])(
    'finds the best of %d items, the first of equals',
    (items) => {
      // Arrange: values on a coarse grid, so that there are equals
      const places = 40;
      const states = tf.round(draw(1, [places, 2])) as tf.Tensor2D;
      const kernel = tf.round(draw(items, [items, 2])) as tf.Tensor2D;
      const bias = tf.round(draw(items + 1, [items])) as tf.Tensor1D;

      // Act
      const best = bestItems({ kernel: denseTable(kernel), bias }, states).dataSync<'int32'>();

      // Assess
      const values = tf.add(tf.matMul(states, kernel, false, true), bias).dataSync();
      for (let place = 0; place < places; place++) {
        const own = values.subarray(place * items, (place + 1) * items);
        let expected = 0;
        for (let item = 1; item < items; item++) if (own[item]! > own[expected]!) expected = item;
        expect(best[place]).toBe(expected + 1);
      }
    },
  );

  it('takes no place beyond the catalogue where every value is below zero, without bias', () => {
    // Arrange: 997 items fill no square of groups
    const kernel = tf.neg(tf.add(tf.abs(draw(5, [997, 2])), 1)) as tf.Tensor2D;
    const states = tf.add(tf.abs(draw(6, [7, 2])), 1) as tf.Tensor2D;

    // Act
    const best = bestItems(
      { kernel: denseTable(kernel), bias: undefined },
      states,
    ).dataSync<'int32'>();

    // Assess
    const expected = tf.argMax(tf.matMul(states, kernel, false, true), 1).dataSync();
    expect([...best]).toEqual([...expected].map((row) => row + 1));
  });

  it('stays within the catalogue for a state that is not a number', () => {
    // Arrange
    const kernel = draw(5, [997, 2]) as tf.Tensor2D;
    const states = tf.tensor2d([[Number.NaN, 1]]);

    // Act
    const [best] = bestItems(
      { kernel: denseTable(kernel), bias: undefined },
      states,
    ).dataSync<'int32'>();

    // Assess
    expect(best).toBeGreaterThanOrEqual(1);
    expect(best).toBeLessThanOrEqual(997);
  });
});
