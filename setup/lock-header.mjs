import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the lock is made from. */
const sources = ['requirements.txt', 'requirements-common.txt'];

/** The first lines of requirements.lock: how it was made, and from which requirements. */
export function lockHeader(folder) {
  const hash = createHash('sha256');
  for (const source of sources) hash.update(readFileSync(join(folder, source)));
  return [
    '# Every Python package of the image, by hash. Written by `npm run lock:python`; change requirements.txt instead.',
    `# From ${sources.join(' and ')}, SHA-256 ${hash.digest('hex')}.`,
    '',
  ].join('\n');
}
