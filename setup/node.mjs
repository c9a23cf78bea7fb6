import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeBinary, root } from './paths.mjs';
import { run, SetupError } from './run.mjs';

const packageFolder = join(root, 'node_modules/node');

/** Puts the pinned Node.js in place: the one package whose install script is run, by name. */
export function setUpNode(report) {
  if (!existsSync(join(root, 'node_modules'))) throw new SetupError('Run npm ci first.');
  if (isPinned() && nodeHeaders() !== undefined) return;
  report('Node.js: putting the pinned version in place');
  run('npm', ['rebuild', 'node', '--ignore-scripts=false'], { cwd: root });
  if (!isPinned())
    throw new SetupError(
      'The pinned Node.js could not be installed; see npm rebuild node --ignore-scripts=false.',
    );
}

/** The headers of the Node.js that programs run on, or undefined: the pinned one's, in an image its own. */
export function nodeHeaders() {
  const parent = join(packageFolder, 'node_modules');
  const places = existsSync(packageFolder)
    ? existsSync(parent)
      ? readdirSync(parent).map((name) => join(parent, name))
      : []
    : [dirname(dirname(process.execPath))];
  return places.map((place) => join(place, 'include/node')).find((folder) => existsSync(folder));
}

function isPinned() {
  const wanted = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')).version;
  if (nodeBinary() === process.execPath) return process.version === `v${wanted}`;
  return execFileSync(nodeBinary(), ['--version'], { encoding: 'utf8' }).trim() === `v${wanted}`;
}
