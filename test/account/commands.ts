import { type ChildProcess, spawn } from 'node:child_process';
import { root } from '../../setup/paths.mjs';

/**
 * Runs a program to its end. When the signal says so, it is ended with all that it has started: `npx` alone would leave cdk behind,
 * which would go on deploying while everything is removed.
 *
 * @param variables of its environment, besides those that all have
 * @returns what it printed
 * @throws Error with its last lines when it fails; the signal's reason when it was ended
 */
export type Commands = (
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
  variables?: Readonly<Record<string, string>>,
) => Promise<string>;

/** How long a program that is to end may take for it. */
const graceMilliseconds = 30_000;

/** Runs the programs of a PATH. @param env of the process, as this one's unless given */
export const runWith =
  ({ cwd, env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv }): Commands =>
  (program, args, signal, variables) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const child = spawn(program, args, {
        cwd,
        env: { ...(env ?? process.env), ...variables },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own: a terminal's Ctrl-C is for the test alone, which then removes what there is.
        detached: true,
      });
      const output: Buffer[] = [];
      const errors: Buffer[] = [];
      child.stdout.on('data', (chunk) => output.push(chunk));
      child.stderr.on('data', (chunk) => errors.push(chunk));
      const end = endGroup(child, signal);
      child.on('error', reject);
      // Not before all that it has started have let go of its output.
      child.on('close', (status) => {
        end.forget();
        if (signal?.aborted) return reject(signal.reason);
        const printed = Buffer.concat(output).toString();
        if (status === 0) return resolve(printed);
        const last = `${printed}${Buffer.concat(errors)}`.trim().split('\n').slice(-12).join('\n');
        reject(
          new Error(`${program} ${args.slice(0, 3).join(' ')} ended with ${status}:\n${last}`),
        );
      });
    });

/** Ends a program's group when the signal says so, at last without asking. */
function endGroup({ pid }: ChildProcess, signal: AbortSignal | undefined) {
  const kill = (how: NodeJS.Signals) => {
    try {
      if (pid !== undefined) process.kill(-pid, how);
    } catch {
      // All of them have ended.
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const end = () => {
    kill('SIGTERM');
    timer = setTimeout(() => kill('SIGKILL'), graceMilliseconds);
  };
  signal?.addEventListener('abort', end, { once: true });
  return {
    forget() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
    },
  };
}

/** The programs of this machine's PATH, in the repository's folder. */
export const runCommand: Commands = runWith({ cwd: root });
