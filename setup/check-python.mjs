import { spawnSync } from 'node:child_process';
import { python, root } from './paths.mjs';
import { setUpPythonChecks } from './python.mjs';
import { SetupError } from './run.mjs';
import { setUp } from './setup.mjs';

/** Style (ruff) and types (mypy) of the Python code, as containers/environment/pyproject.toml says. */
const settings = 'containers/environment/pyproject.toml';
const checks = [
  [
    'ruff',
    'check',
    '--quiet',
    '--config',
    settings,
    'containers/environment',
    'test/containers/environment',
  ],
  ['mypy', '--config-file', settings, '--cache-dir', '.cache/mypy', '--no-error-summary'],
];

try {
  setUp(['Python']);
  setUpPythonChecks();
  for (const check of checks) {
    const { status } = spawnSync(python, ['-m', ...check], { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exitCode = status ?? 1;
  }
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}
