import { spawnSync } from 'node:child_process';

/** A set-up step that failed, with what to do about it. */
export class SetupError extends Error {
  name = 'SetupError';
}

/** Runs a command to its end; on failure throws with the command and the last lines it printed. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
  if (result.status === 0) return result.stdout;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`
    .trim()
    .split('\n')
    .slice(-12)
    .join('\n');
  throw new SetupError(
    `${command} ${args.slice(0, 4).join(' ')} failed: ${result.error?.message ?? output}`,
  );
}
