import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lockHeader } from './lock-header.mjs';
import { root } from './paths.mjs';
import { run, SetupError } from './run.mjs';

/**
 * `npm run lock:python`: writes containers/environment/requirements.lock, every Python package of the environment's image
 * with its hashes, for the platform of that image wherever this is run.
 */
const folder = join(root, 'containers/environment');
const tool = join(root, 'setup/requirements-lock.txt');
const cache = join(root, '.cache/uv');
const stamp = join(cache, 'requirements.txt');

/** The Python of the image's base, and the oldest C library that a wheel may ask for. */
const target = ['--python-version', '3.11', '--python-platform', 'x86_64-manylinux_2_28'];

function main() {
  const { values } = parseArgs({ options: { upgrade: { type: 'boolean', default: false } } });
  const lock = join(folder, 'requirements.lock');
  // Without --upgrade, what is locked already stays as it is.
  run(
    install(),
    [
      ...['pip', 'compile', '--quiet', '--no-header', '--generate-hashes', ...target],
      ...['--only-binary', ':all:', ...(values.upgrade ? ['--upgrade'] : [])],
      ...['--output-file', 'requirements.lock', 'requirements.txt'],
    ],
    { cwd: folder },
  );
  const body = readFileSync(lock, 'utf8').replace(/^(#.*\n)+/, '');
  writeFileSync(lock, lockHeader(folder) + body);
  console.log(`${lock}: ${body.match(/^\S+==/gm).length} packages`);
}

/** A virtual environment of its own. @returns its uv */
function install() {
  const wanted = readFileSync(tool, 'utf8');
  const program = join(cache, 'bin/uv');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return program;
  run('python3', ['-m', 'venv', '--clear', cache]);
  const options = ['--quiet', '--disable-pip-version-check'];
  run(join(cache, 'bin/python'), ['-m', 'pip', 'install', ...options, '--requirement', tool]);
  writeFileSync(stamp, wanted);
  return program;
}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
