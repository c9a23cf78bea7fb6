#!/usr/bin/env node
// The command line, on whatever Node.js the host has: everything is set up, then bin/lea.ts runs on the pinned one.
import { launch } from '../setup/launch.mjs';
import { setUp } from '../setup/setup.mjs';

launch(setUp, 'bin/lea.ts', process.argv.slice(2), {
  LEA_STARTED_AT: String(Date.now() - Math.round(performance.now())),
});
