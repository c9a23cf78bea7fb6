import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What pip-audit printed, and how it ended, when it was run as setup/audit/python.mjs runs it. */
export interface Recording {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The release that made the recordings. */
export const recordedVersion = '2.10.1';

export const pythonAdvisory = { id: 'PYSEC-2026-1', alias: 'CVE-2026-1' };
const service = 'http://127.0.0.1:39387/osv';

/** Of `sortedcontainers==2.4.0`, asked of a stand-in for OSV that knew nothing, or something, or that refused. */
export const recordings = {
  clean: {
    status: 0,
    stdout:
      '{"dependencies": [{"name": "sortedcontainers", "version": "2.4.0", "vulns": []}], "fixes": []}\n',
    stderr: 'No known vulnerabilities found\n',
  },
  vulnerable: {
    status: 1,
    stdout:
      '{"dependencies": [{"name": "sortedcontainers", "version": "2.4.0", "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["999.0"], "aliases": ["CVE-2026-1"]}]}], "fixes": []}\n',
    stderr: 'Found 1 known vulnerability in 1 package\n',
  },
  refused: {
    status: 1,
    stdout: '',
    stderr: `Traceback (most recent call last):
  File "pip_audit/_service/osv.py", line 75, in query
    response.raise_for_status()
  File "requests/models.py", line 1167, in raise_for_status
    raise HTTPError(http_error_msg, response=self)
requests.exceptions.HTTPError: 405 Client Error: Method Not Allowed for url: ${service}

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "pip_audit/_service/interface.py", line 180, in query_all
    yield self.query(spec)
          ^^^^^^^^^^^^^^^^
  File "pip_audit/_service/osv.py", line 79, in query
    raise ServiceError from http_error
pip_audit._service.interface.ServiceError
`,
  },
  noRequirements: {
    status: 1,
    stdout: '',
    stderr: 'ERROR:pip_audit._cli:invalid requirements input: absent.txt\n',
  },
} as const satisfies Readonly<Record<string, Recording>>;

/**
 * Writes a program that prints a recording and ends as it did, and that keeps its arguments, one per line, in a file
 * beside it named `arguments`.
 *
 * @returns its path
 */
export function pipAuditOf(folder: string, recording: Recording): string {
  const program = join(folder, 'pip-audit');
  writeFileSync(`${program}.stdout`, recording.stdout);
  writeFileSync(`${program}.stderr`, recording.stderr);
  writeFileSync(
    program,
    `#!/bin/sh
printf '%s\\n' "$@" > "$(dirname "$0")/arguments"
cat "${program}.stdout"
cat "${program}.stderr" >&2
exit ${recording.status}
`,
  );
  chmodSync(program, 0o755);
  return program;
}
