import { spawnSync } from 'node:child_process';
import { root } from '../paths.mjs';
import { SetupError } from '../run.mjs';
import { parseReport } from './report.mjs';

const serious = ['high', 'critical'];

/**
 * Asks the configured registry about the packages of the lock file that are deployed.
 *
 * @throws SetupError when it does not say
 */
export function auditNpm() {
  const args = ['audit', '--omit=dev', '--omit=optional', '--audit-level=high', '--json'];
  const result = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28 });
  const report = parseReport(result.stdout);
  if (report?.auditReportVersion === undefined) throw notAudited(result, report);
  const advisories = new Map(
    Object.values(report.vulnerabilities)
      .flatMap(({ via }) => via)
      // A package that only needs a vulnerable one names it; the advisory is there.
      .filter((cause) => typeof cause === 'object' && serious.includes(cause.severity))
      .map((advisory) => [advisory.url, advisory]),
  );
  return {
    packages: report.metadata.dependencies.prod,
    vulnerabilities: [...advisories.values()].map(({ url, name, range, severity, title }) => ({
      ids: [url.split('/').at(-1)],
      what: `${name} ${range}, ${severity}: ${title}`,
      fix: url,
    })),
  };
}

function notAudited({ error, stderr }, report) {
  const reason = report?.message ?? error?.message ?? stderr.trim().split('\n').at(-1);
  return new SetupError(
    `npm's registry gave no advisories (${reason}). Many mirrors have none: set npm_config_registry to one that does, such as npm's own, and try again.`,
  );
}
