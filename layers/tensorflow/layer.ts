import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What Node.js loads: with and without SIMD. Threads are for browsers only. */
const files = ['dist/tfjs-backend-wasm.wasm', 'dist/tfjs-backend-wasm-simd.wasm'];

/**
 * Puts together the layer that the serving functions share: TensorFlow.js's WebAssembly kernels, which a bundle cannot
 * hold and which two functions need not both carry. Lambda mounts it as `/opt/tensorflow/`.
 *
 * A file is only touched when its content changes.
 *
 * @param root the repository's folder
 * @returns the folder to make a layer of
 */
export function buildTensorflowLayer(root: string): string {
  const layer = join(root, '.cache/layers/tensorflow');
  const source = join(root, 'node_modules/@tensorflow/tfjs-backend-wasm');
  for (const file of files) {
    const [from, to] = [join(source, file), join(layer, 'tensorflow', file.replace('dist/', ''))];
    if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) continue;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
  return layer;
}
