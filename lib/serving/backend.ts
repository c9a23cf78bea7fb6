import * as tf from '@tensorflow/tfjs-core';
import { PipelineError } from '#lib/contracts/errors.ts';

/** TF.js backends without a native library: WebAssembly, or plain JavaScript (slow, but needs no file at all). */
export type ServingBackend = 'wasm' | 'cpu';

/**
 * Loads and activates a backend; only that one is loaded.
 *
 * @param wasmFolder where the `.wasm` files of `@tensorflow/tfjs-backend-wasm` are, with a final slash; by default
 *   beside the package's own code, where they are unless that was bundled
 * @throws PipelineError `BackendUnavailable` if it does not start
 */
export async function activateBackend(backend: ServingBackend, wasmFolder?: string): Promise<void> {
  try {
    if (backend === 'wasm') {
      const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
      if (wasmFolder !== undefined) setWasmPaths(wasmFolder);
    } else {
      await import('@tensorflow/tfjs-backend-cpu');
    }
    if (!(await tf.setBackend(backend))) throw new Error('it does not initialise');
  } catch (error) {
    throw new PipelineError(
      'BackendUnavailable',
      `The TensorFlow.js backend "${backend}" does not start: ${(error as Error).message}. Is @tensorflow/tfjs-backend-${backend} installed, and are its .wasm files at ${wasmFolder ?? 'their usual place'}?`,
      { cause: error },
    );
  }
}
