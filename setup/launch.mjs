import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeBinary, root } from './paths.mjs';
import { SetupError } from './run.mjs';

/**
 * Makes a set-up, then runs a program of the repository on the pinned Node.js and ends as it does. It runs on whatever
 * Node.js the host has, so that every documented command works right after `npm ci`.
 *
 * @param setUp what the program needs in place; a SetupError ends this process with its message
 * @param program path relative to the repository
 */
export function launch(setUp, program, args, environment = {}) {
  try {
    setUp();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exit(1);
  }
  const child = spawn(nodeBinary(), [join(root, program), ...args], {
    // Over the channel the program learns that this process is gone, however it ended.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
      ...environment,
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal !== null) process.kill(process.pid, signal);
    process.exit(code ?? 1);
  });

  // Killed outright, npm takes nobody with it; a pipeline without a terminal to report to would go on unseen.
  if (process.env.npm_command !== undefined) {
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) child.kill('SIGTERM');
    }, 500).unref();
  }
}
