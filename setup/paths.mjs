import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The Node.js 24 that the lock file pins, whatever the host's own version is. */
export function nodeBinary() {
  const pinned = join(root, 'node_modules/node/bin/node');
  return existsSync(pinned) ? pinned : process.execPath;
}

/** The Python of the project's own virtual environment. */
export const python = join(root, '.venv/bin/python');
