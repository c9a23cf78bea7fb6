import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** Where the package of TensorFlow.js's WebAssembly kernels has its files, with a final slash. */
export const kernelFolder = (): string =>
  `${dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))}/`;
