import { createRequire } from 'node:module';
import * as core from '@tensorflow/tfjs-core';
import { PipelineError } from '../pipeline/errors.ts';

/**
 * TensorFlow.js on its native backend.
 *
 * `tf` is the same instance of `@tensorflow/tfjs-core` that `import * as tf from '@tensorflow/tfjs-core'` gives in
 * Node: there is one engine a process. Code that must also run elsewhere (a backbone that a serving function runs on
 * WebAssembly) therefore imports `@tensorflow/tfjs-core` and uses its functional operations; importing this
 * module besides selects the native backend and registers every gradient and chained operation.
 */
export * as tf from '@tensorflow/tfjs-core';

/** An attribute of a TensorFlow operation as the binding takes it; `type` is one of the binding's `TF_ATTR_*`. */
export interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: boolean | number | string | readonly (boolean | number | string)[];
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
  id: number;
  readonly shape: number[];
  readonly dtype: number;
  values: Float32Array | Int32Array | Uint8Array | string[] | null;
}

/** tfjs-node's backend: every kernel ends in one of its two `execute` methods. */
export interface NativeBackend extends core.KernelBackend {
  readonly binding: NativeBinding;
  readonly isUsingGpuDevice: boolean;
  readonly tensorMap: { get(dataId: core.DataId): NativeData; has(dataId: core.DataId): boolean };
  executeSingleOutput(
    name: string,
    attributes: OperationAttribute[],
    inputs: core.TensorInfo[],
  ): core.Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: OperationAttribute[],
    inputs: core.TensorInfo[],
    outputs: number,
  ): core.Tensor[];
}

const require = createRequire(import.meta.url);

/** Which npm package carries the native library; `TENSORFLOW_DEVICE=gpu` switches to the CUDA build. */
const nativePackage =
  process.env.TENSORFLOW_DEVICE === 'gpu' ? '@tensorflow/tfjs-node-gpu' : '@tensorflow/tfjs-node';

loadNativeBackend();

/** @throws {PipelineError} `TensorFlowUnavailable` when the native library is not installed or does not load. */
function loadNativeBackend(): void {
  // 2: no information and warning lines of the native library, errors only.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // tfjs-node 4.22 calls a function that Node 24 no longer has.
  const util = require('node:util') as { isNullOrUndefined?: (value: unknown) => boolean };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  try {
    require(nativePackage);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new PipelineError(
      'TensorFlowUnavailable',
      `TensorFlow's native library (${nativePackage}) does not load: ${reason}. Run \`npm run setup\`.`,
      { cause },
    );
  }
}

/**
 * The native backend.
 * @throws {PipelineError} `TensorFlowUnavailable` when another backend has been made the active one.
 */
export function nativeBackend(): NativeBackend {
  if (core.getBackend() !== 'tensorflow') {
    throw new PipelineError(
      'TensorFlowUnavailable',
      `The active TensorFlow.js backend is ${core.getBackend()}, but this needs the native one. Call tf.setBackend('tensorflow') first.`,
    );
  }
  return core.backend() as NativeBackend;
}
