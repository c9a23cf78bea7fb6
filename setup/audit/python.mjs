import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../paths.mjs';
import { run, SetupError } from '../run.mjs';
import { parseReport } from './report.mjs';

const tool = join(root, 'setup/requirements-audit.txt');
const folder = join(root, '.cache/pip-audit');
const stamp = join(folder, 'requirements.txt');

/**
 * Asks OSV about the Python packages that a list with hashes names, which are all that are installed. (PyPI's own
 * service is not asked: what it does not answer counts as clean.)
 *
 * @throws SetupError when something could not be asked
 */
export function auditPython({ requirements, osvUrl, program = install() }) {
  const args = ['--requirement', requirements, '--disable-pip'];
  args.push('--vulnerability-service', 'osv');
  if (osvUrl !== undefined) args.push('--osv-url', osvUrl);
  args.push('--format', 'json', '--desc', 'off', '--progress-spinner', 'off');
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const report = parseReport(result.stdout);
  if (report === undefined) throw notAudited(failureIn(result));
  const skipped = report.dependencies.find(({ skip_reason }) => skip_reason !== undefined);
  if (skipped !== undefined) throw notAudited(skipped.skip_reason);
  return {
    packages: report.dependencies.length,
    vulnerabilities: report.dependencies.flatMap(({ name, version, vulns }) =>
      vulns.map(({ id, aliases, fix_versions }) => ({
        ids: [id, ...aliases],
        what: `${name} ${version}`,
        fix: fix_versions.length === 0 ? 'no fix yet' : `fixed in ${fix_versions.join(', ')}`,
      })),
    ),
  };
}

/** A virtual environment of its own: the audited packages stay as they are. @returns its pip-audit */
function install() {
  const wanted = readFileSync(tool, 'utf8');
  const program = join(folder, 'bin/pip-audit');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return program;
  run('python3', ['-m', 'venv', '--clear', folder]);
  const options = ['--quiet', '--disable-pip-version-check'];
  run(join(folder, 'bin/python'), ['-m', 'pip', 'install', ...options, '--requirement', tool]);
  writeFileSync(stamp, wanted);
  return program;
}

/** The last line that names an error: tracebacks end with less. */
function failureIn({ error, stderr }) {
  const lines = (stderr ?? '').trim().split('\n');
  return (
    error?.message ??
    lines.findLast((line) => /^\S*(Error|ERROR)\S*: ?\S/.test(line)) ??
    lines.at(-1)
  );
}

function notAudited(reason) {
  return new SetupError(
    `pip-audit could not ask about all packages (${reason}). It needs OSV (--osv-url names another than the public one); try again where it can be reached.`,
  );
}
