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
  stdio: 'inherit',
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
