import * as tf from '@tensorflow/tfjs-core';
import { ValidationError } from '#lib/contracts/errors.ts';
import { type NativeBackend, nativeBackend } from './native-backend.ts';

/**
 * Random numbers by TensorFlow's stateless operations: a function of shape and seed alone, the same eagerly, in a
 * recorded step and on every run. The seed is an int32 tensor of shape `[2]`; feed it as an input of the step.
 * TensorFlow.js's own random functions draw in JavaScript, so that a recording would freeze them.
 */
export type Seed = tf.Tensor;

/**
 * Different seeds out of one, in the order of the calls: one for each place of a step that draws.
 * The derivation is that of TensorFlow's `tf.random.fold_in`: `[random integer of the seed, index]`.
 */
export class SeedStream {
  readonly #root: tf.Tensor;
  #next = 0;

  /** @param seed `[2]`, int32; for instance `[seed of the run, number of the step]`. */
  constructor(seed: Seed) {
    checkSeed(seed);
    const attributes = [type('dtype', 'int32'), type('T', 'int32'), type('Tseed', 'int32')];
    this.#root = stateless('StatelessRandomUniformFullInt', attributes, [], seed);
  }

  /** A seed that no other call gave. */
  next(): Seed {
    const index = tf.scalar(this.#next, 'int32');
    this.#next += 1;
    return tf.stack([this.#root, index]);
  }
}

/**
 * Uniform on `[minimum, maximum)`, float32.
 * @param shape of the result
 */
export function randomUniform(
  shape: readonly number[],
  seed: Seed,
  minimum = 0,
  maximum = 1,
): tf.Tensor {
  const unit = floats('StatelessRandomUniform', shape, seed);
  return scale(unit, maximum - minimum, minimum);
}

/**
 * Sets a share `rate` of the elements to 0 and scales the others by `1 / (1 - rate)`
 * (Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html). With rate 0, `x` itself.
 * @param x any shape; the result has the same
 * @throws {ValidationError} if `rate` is not in `[0, 1)`.
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, seed: Seed): T {
  if (!(rate >= 0 && rate < 1)) {
    throw new ValidationError(`dropout: the rate must be in [0, 1), but is ${rate}.`);
  }
  if (rate === 0) return tf.clone(x);
  return tf.tidy(() => {
    const kept = tf.greaterEqual(randomUniform(x.shape, seed), rate);
    return tf.mul(x, tf.mul(tf.cast(kept, 'float32'), 1 / (1 - rate)));
  });
}

function floats(operation: string, shape: readonly number[], seed: Seed): tf.Tensor {
  checkSeed(seed);
  const attributes = [type('dtype', 'float32'), type('T', 'int32'), type('Tseed', 'int32')];
  return stateless(operation, attributes, shape, seed);
}

function stateless(
  operation: string,
  attributes: ReturnType<typeof type>[],
  shape: readonly number[],
  seed: Seed,
  more: tf.Tensor[] = [],
): tf.Tensor {
  return tf.tidy(() => {
    const shapeTensor = tf.tensor1d([...shape], 'int32');
    return nativeBackend().executeSingleOutput(operation, attributes, [shapeTensor, seed, ...more]);
  });
}

function scale(x: tf.Tensor, factor: number, offset: number): tf.Tensor {
  if (factor === 1 && offset === 0) return x;
  return tf.tidy(() => tf.add(tf.mul(x, factor), offset));
}

function type(name: string, dtype: 'float32' | 'int32') {
  const { binding } = nativeBackend() as NativeBackend;
  const value = dtype === 'float32' ? 1 : 3;
  return { name, type: binding.TF_ATTR_TYPE, value };
}

function checkSeed(seed: Seed): void {
  if (seed.dtype !== 'int32' || seed.shape.length !== 1 || seed.shape[0] !== 2) {
    throw new ValidationError(
      `A seed must be an int32 tensor of shape [2], but is ${seed.dtype} of shape [${seed.shape}].`,
    );
  }
}
