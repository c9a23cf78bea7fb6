import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

/**
 * A shell command that looks for known vulnerabilities in the packages that a Dockerfile is about to install, and fails
 * when there is one: what `npm run audit` does (setup/audit.mjs), where the images are built.
 */
export type ImageAudit = string;

/** Of the npm packages that are deployed; the folder is the repository's, or a part of it with `setup/`. */
export const auditNpm: ImageAudit = 'node setup/audit.mjs npm';

const accepted = z.array(
  z.strictObject({
    id: z.string().regex(/^[A-Z]+-[\w-]+$/),
    reason: z.string().min(1),
    until: z.iso.date(),
  }),
);

/**
 * Of the Python packages that the folder's `requirements.txt` names, and of those that they need.
 *
 * @param setup the repository's `setup/`, with the version of pip-audit and the accepted vulnerabilities
 */
export function auditPython(setup: string, now: Date): ImageAudit {
  const read = (file: string) => readFileSync(join(setup, file), 'utf8');
  const tool = read('requirements-audit.txt')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const today = now.toISOString().slice(0, 10);
  const ignored = accepted
    .parse(JSON.parse(read('accepted-vulnerabilities.json')))
    .filter(({ until }) => until >= today)
    .map(({ id }) => ` --ignore-vuln ${id}`);
  return [
    `pip install --quiet --root-user-action ignore ${tool.join(' ')}`,
    `pip-audit --requirement requirements.txt --vulnerability-service osv --progress-spinner off${ignored.join('')}`,
  ].join(' && ');
}
