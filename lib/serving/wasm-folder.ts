import { existsSync } from 'node:fs';

/**
 * Where TensorFlow.js finds its WebAssembly kernels: the layer of `layers/tensorflow`, which Lambda mounts below
 * `/opt`. `OPT_ROOT` replaces `/opt` on one machine.
 *
 * @returns with a final slash; undefined where the layer is not mounted
 */
export function wasmFolder(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = `${environment.OPT_ROOT ?? '/opt'}/tensorflow/`;
  return existsSync(folder) ? folder : undefined;
}
