import { createRequire } from 'node:module';
import { PipelineError } from '#lib/contracts/errors.ts';
import libtensorflow from './libtensorflow.json' with { type: 'json' };
import { nativeBackend } from './native-backend.ts';

/**
 * TensorFlow.js on its native backend.
 *
 * `tf` is the same instance of `@tensorflow/tfjs-core` that `import * as tf from '@tensorflow/tfjs-core'` gives in
 * Node: there is one engine a process. Code that must also run elsewhere (a backbone that a serving function runs on
 * WebAssembly) therefore imports `@tensorflow/tfjs-core` and uses its functional operations; importing this
 * module besides selects the native backend and registers every gradient and chained operation.
 */
export * as tf from '@tensorflow/tfjs-core';
export { nativeBackend } from './native-backend.ts';

const nativePackage = '@tensorflow/tfjs-node';

loadNativeBackend();
requireVersion(nativeBackend().binding.TF_Version);

/** @throws {PipelineError} `TensorFlowUnavailable` when the native library is not installed or does not load. */
function loadNativeBackend(): void {
  const require = createRequire(import.meta.url);
  // 2: no information and warning lines of the native library, errors only.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // tfjs-node 4.22 calls a function that Node 24 no longer has, and one that it warns of.
  const util = require('node:util') as {
    isNullOrUndefined?: (value: unknown) => boolean;
    isArray: typeof Array.isArray;
  };
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
  util.isArray = Array.isArray;
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
 * Models are trained with one release of TensorFlow, wherever they are trained.
 * @throws {PipelineError} `TensorFlowUnavailable` when `loaded` is another one
 */
export function requireVersion(loaded: string): void {
  if (loaded === libtensorflow.version) return;
  throw new PipelineError(
    'TensorFlowUnavailable',
    `${nativePackage} runs on TensorFlow ${loaded}, but everything here was tested with ${libtensorflow.version}: remove node_modules, then run \`npm ci\` and \`npm run setup\`.`,
  );
}
