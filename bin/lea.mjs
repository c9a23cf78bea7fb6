#!/usr/bin/env node
// The command line, on whatever Node.js the host has: the pinned one is put in place and runs bin/lea.ts, which has made
// ready whatever else a command needs.
import { launch } from '../setup/launch.mjs';
import { setUpNode } from '../setup/node.mjs';

launch(() => setUpNode(console.error), 'bin/lea.ts', process.argv.slice(2), {
  LEA_STARTED_AT: String(Date.now() - Math.round(performance.now())),
});
