import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { launch } from './launch.mjs';
import { setUpNode } from './node.mjs';
import { root } from './paths.mjs';
import { run } from './run.mjs';

const wanted = join(root, 'setup/api-docs');
const folder = join(root, '.cache/api-docs');
/** npm writes it last. */
const installed = join(folder, 'node_modules/.package-lock.json');

/**
 * Puts typedoc in place, apart from the product's packages: it reads sources with TypeScript 6, because TypeScript 7,
 * which checks them, has no interface for other programs.
 */
function setUpTypedoc() {
  setUpNode(console.error);
  const lock = (place) => readFileSync(join(place, 'package-lock.json'), 'utf8');
  if (existsSync(installed) && lock(folder) === lock(wanted)) return;
  mkdirSync(folder, { recursive: true });
  cpSync(wanted, folder, { recursive: true });
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: folder });
}

// `npm run docs:api`: the documentation of lib/ as HTML, in out/api (typedoc.json).
launch(setUpTypedoc, '.cache/api-docs/node_modules/typedoc/bin/typedoc', process.argv.slice(2));
