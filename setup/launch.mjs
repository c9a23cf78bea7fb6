import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeBinary, root } from './paths.mjs';
import { SetupError } from './run.mjs';

/**
 * Makes a set-up, then runs a program of the repository on the pinned Node.js. It runs on whatever Node.js the host has,
 * so that every documented command works right after `npm ci`.
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
  const command = [nodeBinary(), join(root, program), ...args];
  const variables = {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
    // Compiled once: reading and compiling some 600 files is two fifths of what a short command takes.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, '.cache/compiled'),
    ...environment,
  };
  // Where Node.js can, this process becomes the program: nobody stands between it and whoever started it.
  if (process.execve !== undefined) process.execve(command[0], command, variables);
  else runBelow(command, variables);
}

/** Runs the program as a child (before Node.js 22.15), hands signals on to it and ends as it does. */
function runBelow([node, ...args], variables) {
  const child = spawn(node, args, {
    stdio: 'inherit',
    // The program ends when this process is gone, however it ended.
    env: { ...variables, LEA_LAUNCHER: String(process.pid) },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(name);
    if (signal !== null) process.kill(process.pid, signal);
    process.exitCode = code ?? 1;
  });
}
