import * as tf from '@tensorflow/tfjs-core';
import { PipelineError } from '#lib/contracts/errors.ts';

/** An attribute of a TensorFlow operation as the binding takes it; `type` is one of the binding's `TF_ATTR_*`. */
export interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly (boolean | number)[];
}

/** A tensor of the binding: a handle, its shape and its TensorFlow `DataType` number. */
export interface NativeTensor {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** The native module below tfjs-node, as far as this room uses it. */
export interface NativeBinding {
  createTensor(shape: readonly number[], dtype: number, values: ArrayBufferView): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(
    name: string,
    attributes: readonly OperationAttribute[],
    inputIds: readonly number[],
    outputs: number,
  ): NativeTensor[];
  loadSavedModel(folder: string, tags: string): number;
  runSavedModel(
    session: number,
    inputIds: readonly number[],
    inputNames: string,
    outputNames: string,
  ): NativeTensor[];
  deleteSavedModel(session: number): void;
  getNumOfTensors(): number;
  getNumOfSavedModels(): number;
  readonly TF_Version: string;
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

/** What the native backend keeps of a tensor's data; `values` are set until the first operation uses them. */
export interface NativeData {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
  readonly values: Float32Array | Int32Array | Uint8Array | string[] | null;
}

/** tfjs-node's backend: every kernel ends in one of its two `execute` methods. */
export interface NativeBackend extends tf.KernelBackend {
  readonly binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: { get(dataId: tf.DataId): NativeData; has(dataId: tf.DataId): boolean };
  executeSingleOutput(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly tf.TensorInfo[],
  ): tf.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): tf.Tensor[];
}

/**
 * The native backend, by which TensorFlow's own operations can be called by name.
 * @throws {PipelineError} `TensorFlowUnavailable` when another backend is the active one.
 */
export function nativeBackend(): NativeBackend {
  if (tf.getBackend() !== 'tensorflow') {
    throw new PipelineError(
      'TensorFlowUnavailable',
      `The active TensorFlow.js backend is ${tf.getBackend() || 'none'}, but this needs the native one: import lib/graph/tensorflow.ts first.`,
    );
  }
  return tf.backend() as NativeBackend;
}
