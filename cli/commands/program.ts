import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from '../../setup/paths.mjs';

/**
 * Runs a program of the repository as a process of its own, because it sets its own process up (threads, allocator).
 *
 * @param path of the program, relative to the repository
 * @returns its exit code
 */
export async function runProgram(path: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(root, path), ...args], { stdio: 'inherit' });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on('SIGINT', pass).on('SIGTERM', pass);
  const [code] = (await once(child, 'exit')) as [number | null];
  process.removeListener('SIGINT', pass).removeListener('SIGTERM', pass);
  return code ?? 1;
}
