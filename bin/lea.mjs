#!/usr/bin/env node
// Starts the command line on whatever Node.js the host has: makes the set-up, then runs bin/lea.ts on the pinned one.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { nodeBinary, root } from '../setup/paths.mjs';
import { SetupError } from '../setup/run.mjs';
import { setUp } from '../setup/setup.mjs';

try {
  setUp();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exit(1);
}
const child = spawn(nodeBinary(), [join(root, 'bin/lea.ts'), ...process.argv.slice(2)], {
  // Over the channel the command learns that this process is gone, however it ended.
  stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  env: {
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
    LEA_STARTED_AT: String(Date.now() - Math.round(performance.now())),
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
