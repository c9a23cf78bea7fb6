import type * as tf from '@tensorflow/tfjs-core';
import { UntraceableError } from './errors.ts';
import { type ConstantValue, elementTypeOf } from './graph-definition.ts';
import type { NativeBackend } from './native-backend.ts';
import type { TensorValues } from './specification.ts';

/** Constants of one step together; TensorFlow reads no graph of 2 GiB or more. */
const bytesLimit = 2 ** 30;
/** Up to this many values, equal constants are told to be equal. */
const comparedValues = 64;

/** The values that a step captures: tensors that it makes of JavaScript numbers or finds outside. */
export class Constants {
  readonly #step: string;
  readonly #backend: NativeBackend;
  readonly #small = new Map<string, ConstantValue>();
  #bytes = 0;

  constructor(step: string, backend: NativeBackend) {
    this.#step = step;
    this.#backend = backend;
  }

  /**
   * A tensor's present values; the same object for equal small ones.
   * @throws {UntraceableError} for text, complex numbers and the like, and beyond 1 GiB in all.
   */
  capture(dataId: tf.DataId): ConstantValue {
    const { shape, dtype: dataType } = this.#backend.tensorMap.get(dataId);
    const dtype = elementTypeOf(dataType);
    if (dtype === undefined) {
      throw new UntraceableError(
        `Step ${this.#step} uses a constant of TensorFlow data type ${dataType}; only float32, int32 and bool can be recorded.`,
      );
    }
    const values = this.#backend.readSync(dataId) as TensorValues;
    const isSmall = values.length <= comparedValues;
    const key = isSmall ? `${dtype} [${shape}] ${hexadecimal(values)}` : '';
    const known = this.#small.get(key);
    if (known !== undefined) return known;
    this.#bytes += values.byteLength;
    if (this.#bytes > bytesLimit) {
      throw new UntraceableError(
        `Step ${this.#step} captures more than ${bytesLimit / 2 ** 20} MiB of constants, the last of shape [${shape}]; make large tensors inputs or variables.`,
      );
    }
    // A copy: the array may be the caller's own.
    const constant = { dtype, shape: [...shape], values: values.slice() };
    if (isSmall) this.#small.set(key, constant);
    return constant;
  }
}

function hexadecimal(values: TensorValues): string {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');
}
