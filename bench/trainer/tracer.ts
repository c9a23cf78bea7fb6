import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { root } from '../../setup/paths.mjs';

/** Variables that a process must have been started with to be profiled: each operation alone, on one thread. */
export const profiledEnvironment = {
  TF_NUM_INTRAOP_THREADS: '1',
  TF_NUM_INTEROP_THREADS: '1',
} as const;

/**
 * Compiles the library that asks TensorFlow for traces.
 *
 * @returns the library, for `LD_PRELOAD`
 * @throws if there is no C++ compiler, or another system than Linux
 */
export function buildTracer(): string {
  if (process.platform !== 'linux') {
    throw new Error('bench -- trainer --profile needs Linux: it preloads a library.');
  }
  const folder = join(root, '.cache', 'bench');
  mkdirSync(folder, { recursive: true });
  const library = join(folder, 'step-trace.so');
  const source = fileURLToPath(new URL('step-trace.cc', import.meta.url));
  const compiler = process.env.CXX ?? 'g++';
  execFileSync(compiler, ['-O2', '-shared', '-fPIC', '-o', library, source, '-ldl']);
  return library;
}
