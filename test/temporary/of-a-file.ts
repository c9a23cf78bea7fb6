import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { filePrefix, removeEmptied, removeTemporaryFolders } from './folders.ts';

// Each file of tests, and what it starts, has a temporary folder of its own, which is empty again at the end. Hooks after tests
// run in the reverse order of their registration: this one is the last.
const outer = tmpdir();
const own = mkdtempSync(join(outer, filePrefix));
process.env.TMPDIR = own;
// Node.js and npm would keep compiled modules there, for the next process.
process.env.NODE_DISABLE_COMPILE_CACHE = '1';

afterAll(() => {
  process.env.TMPDIR = outer;
  removeTemporaryFolders();
  removeEmptied(own);
});
