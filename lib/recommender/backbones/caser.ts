import * as tf from '@tensorflow/tfjs-core';
import type { ParameterSpec } from '../parameters.ts';
import {
  type Backbone,
  type BackboneShape,
  type Parameters,
  parameter,
  type SequenceInputs,
} from './backbone.ts';
import { delay, embedItems, reaches } from './layers.ts';

/** Items that the horizontal filters span, and filters of each height (SNQN code). */
const heights = [2, 3, 4];
const filters = 16;
/** Stands for "not there" under a maximum; the filters' values are ReLU'd, thus 0 or more. */
const absent = -1;

/**
 * Caser (Tang and Wang 2018, https://arxiv.org/abs/1809.07426) without user embedding, as in the SNQN code. A state sees
 * the last `window` items, right-padded with zeros to `window`: horizontal filters of heights 2, 3 and 4 with a
 * maximum over time, and one vertical filter, a weighted sum with a weight a place.
 *
 * Computed for all places at once without unfolding windows: a horizontal filter's value depends on the items below
 * it alone, so it is taken once a place and the maxima are sliding ones; filters that reach into the padding
 * are the first rows of their kernels on the last items; the vertical filter is a product with a banded matrix.
 */
export const caser: Backbone = {
  name: 'caser',

  stateDimension: (shape) => filters * heightsOf(shape).length + shape.dimension,

  parameterSpecs: (shape) => [
    ...heightsOf(shape).flatMap((height): ParameterSpec[] => [
      {
        name: `horizontal_${height}/kernel`,
        shape: [height * shape.dimension, filters],
        initialiser: { kind: 'truncated-normal', deviation: 0.1 },
      },
      {
        name: `horizontal_${height}/bias`,
        shape: [filters],
        initialiser: { kind: 'constant', value: 0.1 },
      },
    ]),
    {
      name: 'vertical/kernel',
      shape: [shape.window],
      initialiser: { kind: 'truncated-normal', deviation: 0.1 },
    },
    { name: 'vertical/bias', shape: [1], initialiser: { kind: 'constant', value: 0.1 } },
  ],

  encode(parameters, shape, inputs, dropout) {
    const x = embedItems(parameters, inputs.items); // [lines, time, dimension]
    // Taps 0 to 3 items back, zero before the sequence began.
    const back = (steps: number) => tf.mul(delay(x, steps), reaches(inputs.positions, steps));
    const taps = Array.from({ length: Math.max(...heights) }, (_, steps) => back(steps));
    const full = heightsOf(shape).map((height) =>
      fullFilters(parameters, height, taps, inputs.positions),
    );
    const horizontal = heightsOf(shape).map((height, index) =>
      tf.maximum(
        slidingMaximum(full[index]!, shape.window - height + 1, inputs.positions),
        paddedFilters(parameters, shape, height, taps, inputs.positions),
      ),
    );
    const vertical = verticalFilter(parameters, shape, x, inputs.positions, 0);
    return {
      states: dropout(tf.concat([...horizontal, tf.relu(vertical)], 2)) as tf.Tensor3D,
      branch(items) {
        const own = embedItems(parameters, items);
        const next = tf.add(inputs.positions, tf.scalar(1, 'int32')) as tf.Tensor2D;
        const ownTaps = [own, ...taps.slice(0, -1)];
        const maxima = heightsOf(shape).map((height, index) => {
          const latest = fullFilters(parameters, height, ownTaps, next);
          const padded = paddedFilters(parameters, shape, height, ownTaps, next);
          const earlier = shape.window - height;
          const values = tf.maximum(latest, padded);
          if (earlier === 0) return values;
          return tf.maximum(values, slidingMaximum(full[index]!, earlier, inputs.positions));
        });
        const before = verticalFilter(parameters, shape, x, inputs.positions, 1);
        const place = tf.minimum(next, tf.scalar(shape.window - 1, 'int32'));
        const weight = tf.gather(parameter(parameters, 'vertical/kernel'), place); // [lines, time]
        const sum = tf.add(before, tf.mul(own, tf.expandDims(weight, 2)));
        return dropout(tf.concat([...maxima, tf.relu(sum)], 2)) as tf.Tensor3D;
      },
    };
  },

  encodeLast(parameters, shape, { items, lengths }, dropout) {
    // The window is there as it is: convolutions over it and a maximum over time, as the SNQN code has them.
    const time = items.shape[1];
    const places = tf.expandDims(tf.range(0, time, 1, 'int32'), 0); // [1, time]
    const isKnown = tf.less(places, tf.expandDims(lengths, 1)); // [lines, time]
    const known = tf.pad(tf.mul(items, tf.cast(isKnown, 'int32')), [
      [0, 0],
      [0, shape.window - time],
    ]); // [lines, window]
    const x = embedItems(parameters, known) as tf.Tensor3D; // [lines, window, dimension]
    const horizontal = heightsOf(shape).map((height) => {
      const kernel = parameter(parameters, `horizontal_${height}/kernel`);
      const filter = tf.reshape(kernel, [height, shape.dimension, filters]) as tf.Tensor3D;
      const values = tf.add(
        tf.conv1d(x, filter, 1, 'valid'),
        parameter(parameters, `horizontal_${height}/bias`),
      ); // [lines, window - height + 1, filters]
      const picture = tf.expandDims(tf.relu(values), 2) as tf.Tensor4D;
      const largest = tf.maxPool(picture, [picture.shape[1], 1], 1, 'valid');
      return tf.squeeze(largest, [1, 2]); // [lines, filters]
    });
    const weights = tf.reshape(parameter(parameters, 'vertical/kernel'), [1, shape.window, 1]);
    const sum = tf.sum(tf.mul(x, weights), 1); // [lines, dimension]
    const vertical = tf.relu(tf.add(sum, parameter(parameters, 'vertical/bias')));
    return dropout(tf.concat([...horizontal, vertical], 1)) as tf.Tensor2D;
  },
};

/** A filter higher than the window has no place in it. */
function heightsOf(shape: BackboneShape): number[] {
  return heights.filter((height) => height <= shape.window);
}

/** A filter on the `count` last items: `relu([x_(t - count + 1) ... x_t] . kernel[: count * dimension] + bias)`. */
function filterOn(
  parameters: Parameters,
  height: number,
  taps: readonly tf.Tensor[],
  count: number,
): tf.Tensor {
  const bias = parameter(parameters, `horizontal_${height}/bias`);
  const kernel = parameter(parameters, `horizontal_${height}/kernel`) as tf.Tensor2D;
  const [lines, time, dimension] = taps[0]!.shape as [number, number, number];
  const joined = tf.concat(taps.slice(0, count).reverse(), 2); // [lines, time, count * dimension]
  const product = tf.matMul(
    tf.reshape(joined, [-1, count * dimension]) as tf.Tensor2D,
    count === height
      ? kernel
      : (tf.slice(kernel, [0, 0], [count * dimension, filters]) as tf.Tensor2D),
  );
  return tf.reshape(tf.relu(tf.add(product, bias)), [lines, time, filters]);
}

/** The filter on items alone; absent where the sequence has fewer. `[lines, time, filters]` */
function fullFilters(
  parameters: Parameters,
  height: number,
  taps: readonly tf.Tensor[],
  positions: tf.Tensor2D,
): tf.Tensor {
  return only(filterOn(parameters, height, taps, height), reaches(positions, height - 1));
}

/** Largest value of the filter where it lies partly or wholly on the padding. `[lines, time, filters]` */
function paddedFilters(
  parameters: Parameters,
  shape: BackboneShape,
  height: number,
  taps: readonly tf.Tensor[],
  positions: tf.Tensor2D,
): tf.Tensor {
  /** 1 where a filter on the last `count` items still fits into the window. */
  const fits = (count: number) =>
    tf.sub(1, reaches(positions, shape.window - height + count)) as tf.Tensor;
  const bias = tf.relu(parameter(parameters, `horizontal_${height}/bias`)); // [filters]
  let largest = only(tf.add(tf.zeros([...positions.shape, filters]), bias), fits(0));
  for (let count = 1; count < height; count++) {
    const exists = tf.mul(fits(count), reaches(positions, count - 1));
    largest = tf.maximum(largest, only(filterOn(parameters, height, taps, count), exists));
  }
  return largest;
}

/** `x` where `exists` is 1, absent where it is 0. */
function only(x: tf.Tensor, exists: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(x, exists), tf.mul(tf.sub(1, exists), absent));
}

/**
 * Maximum over the last `length` places of the same sequence, by doubling: two maxima over `2^k` places cover any
 * length between `2^k` and `2^(k + 1)`. `[lines, time, filters]`
 */
function slidingMaximum(x: tf.Tensor, length: number, positions: tf.Tensor2D): tf.Tensor {
  const earlier = (values: tf.Tensor, steps: number) =>
    only(delay(values, steps), reaches(positions, steps));
  let covered = 1;
  let maxima = x;
  while (covered * 2 <= length) {
    maxima = tf.maximum(maxima, earlier(maxima, covered));
    covered *= 2;
  }
  return covered === length ? maxima : tf.maximum(maxima, earlier(maxima, length - covered));
}

/**
 * `sum_i weights[i] * x_i + bias` over the places `i` of each window, `[lines, time, dimension]`.
 *
 * @param ahead 1 for the windows of branches, which end one item later; that item itself is not included
 */
function verticalFilter(
  parameters: Parameters,
  { window }: BackboneShape,
  x: tf.Tensor,
  positions: SequenceInputs['positions'],
  ahead: 0 | 1,
): tf.Tensor {
  const [lines, time] = positions.shape;
  const places = tf.range(0, time, 1, 'int32');
  const from = tf.reshape(places, [1, time, 1]);
  const to = tf.reshape(places, [1, 1, time]);
  const own = tf.expandDims(positions, 2); // [lines, time, 1]
  // How far a window that is longer than `window` has moved on.
  const moved = tf.maximum(
    tf.sub(own, tf.scalar(window - 1 - ahead, 'int32')),
    tf.scalar(0, 'int32'),
  );
  const place = tf.sub(tf.sub(own, tf.sub(from, to)), moved); // [lines, time, time]: place of `to` in the window of `from`
  const isSeen = tf.logicalAnd(
    tf.lessEqual(to, from),
    tf.greaterEqual(place, tf.scalar(0, 'int32')),
  );
  const index = tf.minimum(
    tf.maximum(place, tf.scalar(0, 'int32')),
    tf.scalar(window - 1, 'int32'),
  );
  const kernel = parameter(parameters, 'vertical/kernel');
  const weights = tf.mul(
    tf.reshape(tf.gather(kernel, tf.reshape(index, [-1]) as tf.Tensor1D), [lines, time, time]),
    tf.cast(isSeen, 'float32'),
  ); // [lines, time, time]
  return tf.add(
    tf.matMul(weights as tf.Tensor3D, x as tf.Tensor3D),
    parameter(parameters, 'vertical/bias'),
  );
}
