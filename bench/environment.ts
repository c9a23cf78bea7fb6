import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { python, root } from '../setup/paths.mjs';

/**
 * `npm run bench -- environment [--only TEXT] [--rounds N] [--list] [--device cpu|cuda]`: a door to
 * `containers/environment/bench`, which measures the LLM environment in its own Python.
 */
const { status } = spawnSync(python, ['-m', 'bench', ...process.argv.slice(2)], {
  cwd: join(root, 'containers/environment'),
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
