import { spawn } from 'node:child_process';
import { root } from '../../setup/paths.mjs';

/**
 * Runs a program to its end.
 *
 * @param variables of its environment, besides those that all have
 * @returns what it printed
 * @throws Error with its last lines when it fails
 */
export type Commands = (
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
  variables?: Readonly<Record<string, string>>,
) => Promise<string>;

/** Runs the programs of a PATH. @param env of the process, as this one's unless given */
export const runWith =
  ({ cwd, env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv }): Commands =>
  (program, args, signal, variables) =>
    new Promise((resolve, reject) => {
      const child = spawn(program, args, {
        cwd,
        env: { ...(env ?? process.env), ...variables },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A terminal's Ctrl-C is for the test alone, which then removes what there is.
        detached: true,
        ...(signal && { signal }),
      });
      let output = '';
      let errors = '';
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      child.stderr.on('data', (chunk) => {
        errors += chunk;
      });
      child.on('error', reject);
      child.on('exit', (status) => {
        if (status === 0) return resolve(output);
        const last = `${output}${errors}`.trim().split('\n').slice(-12).join('\n');
        reject(
          new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${status}:\n${last}`),
        );
      });
    });

/** The programs of this machine's PATH, in the repository's folder. */
export const runCommand: Commands = runWith({ cwd: root });
