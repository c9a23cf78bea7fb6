#!/usr/bin/env node
// The command line, on whatever Node.js the host has: the pinned one is put in place and runs bin/lea.ts, which has made
// ready whatever else a command needs.
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findHome, isInstalled } from '../setup/home.mjs';

const installed = fileURLToPath(new URL('..', import.meta.url));
const home = pathToFileURL(`${findHome(installed)}/`);
// Of the copy, where the package is an installed one: what they do they do there.
const { launch } = await import(new URL('setup/launch.mjs', home));
const { setUpNode } = await import(new URL('setup/node.mjs', home));

launch(() => setUpNode(console.error), 'bin/lea.ts', process.argv.slice(2), {
  LEA_CALLED: isInstalled(installed) ? 'lea' : 'npx lea',
  LEA_STARTED_AT: String(Date.now() - Math.round(performance.now())),
});
