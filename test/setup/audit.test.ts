import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAccepted } from '../../setup/audit/accepted.mjs';
import { root } from '../../setup/paths.mjs';
import { temporaryFolder } from '../temporary/folders.ts';
import { type Advisories, npmAdvisory, ofInstaller, startAdvisories } from './advisories.ts';
import {
  pipAuditOf,
  pythonAdvisory,
  type Recording,
  recordedVersion,
  recordings,
} from './pip-audit.ts';

const folder = temporaryFolder('audit');
const accepted = join(folder, 'accepted.json');
const none: Advisories = { npm: undefined, known: {}, offered: true };
const advisories = { ...none };
let python: Recording;
let service: Awaited<ReturnType<typeof startAdvisories>>;

beforeAll(async () => {
  service = await startAdvisories(advisories);
});
afterAll(async () => {
  await service.stop();
});
beforeEach(() => {
  Object.assign(advisories, none);
  python = recordings.clean;
  writeFileSync(accepted, '[]');
});

/** Runs a script with the real npm, which asks the stand-in for its registry. */
function run(script: string, args: string[], env: object = {}) {
  const settings = {
    npm_config_registry: service.url,
    // npm remembers advisories.
    npm_config_cache: mkdtempSync(join(folder, 'npm-')),
  };
  return new Promise<{ status: number; output: string }>((resolve) => {
    execFile(
      process.execPath,
      [script, ...args],
      { cwd: root, env: { ...process.env, ...settings, ...env } },
      (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}

/** `npm run audit`, with a recording in place of pip-audit. */
const audit = (...args: string[]) =>
  run('setup/audit.mjs', [
    ...['--accepted', accepted, '--pip-audit', pipAuditOf(folder, python)],
    ...args,
  ]);

const accept = (id: string, until: string) =>
  writeFileSync(accepted, JSON.stringify([{ id, reason: 'we never call it', until }]));

describe('Script: audit', () => {
  it('ends with 0 when nothing is known of any package', async () => {
    const { status, output } = await audit();
    expect(status).toBe(0);
    expect(output).toMatch(/^npm: \d+ packages, 0 known vulnerabilities$/m);
    expect(output).toMatch(/^python: 1 packages, 0 known vulnerabilities$/m);
  });

  it('ends with 1 when something serious is known of a package from npm', async () => {
    advisories.npm = { name: 'zod', severity: 'high' };
    const { status, output } = await audit('npm');
    expect(status).toBe(1);
    expect(output).toMatch(new RegExp(`${npmAdvisory}: zod <999.0.0, high`));
    expect(output).toContain('setup/accepted-vulnerabilities.json');
  });

  it('finds nothing of what is known of the packages that TensorFlow.js would install itself with', async () => {
    advisories.known = ofInstaller;
    const { status, output } = await audit('npm');
    expect(output).toMatch(/^npm: \d+ packages, 0 known vulnerabilities$/m);
    expect(status).toBe(0);
  });

  it('ends with 1 when anything is known of a package from PyPI', async () => {
    python = recordings.vulnerable;
    const { status, output } = await audit('python');
    expect(status).toBe(1);
    expect(output).toContain('PYSEC-2026-1, CVE-2026-1: sortedcontainers 2.4.0; fixed in 999.0');
    expect(output).toContain('setup/accepted-vulnerabilities.json');
  });

  it.each([
    ['a moderate one', { name: 'zod', severity: 'moderate' }],
    ['one of a package that is not deployed', { name: 'vitest', severity: 'critical' }],
  ])('ends with 0 for %s', async (_, npm) => {
    advisories.npm = npm;
    expect((await audit('npm')).status).toBe(0);
  });

  it('ends with 2, and says whom it asked, when the registry has no audit', async () => {
    advisories.offered = false;
    const { status, output } = await audit('npm');
    expect(status).toBe(2);
    expect(output).toMatch(/^npm: NOT AUDITED\. .*405 .*Method Not Allowed/m);
    expect(output).toContain(new URL(service.url).host);
    expect(output).toMatch(/try again/);
  });

  it.each([
    ['OSV refuses', recordings.refused, /405 .*Method Not Allowed for url: http:\/\/127\.0\.0\.1/],
    [
      'the requirements are absent',
      recordings.noRequirements,
      /invalid requirements input: absent/,
    ],
  ])('ends with 2, and says why, when %s', async (_, recording, reason) => {
    python = recording;
    const { status, output } = await audit('python');
    expect(status).toBe(2);
    expect(output).toMatch(new RegExp(`^python: NOT AUDITED\\. .*${reason.source}`, 'm'));
    expect(output).toMatch(/try again/);
  });

  it('ends with 1 when one audit finds something and the other fails', async () => {
    advisories.npm = { name: 'zod', severity: 'critical' };
    python = recordings.noRequirements;
    const { status, output } = await audit();
    expect(status).toBe(1);
    expect(output).toContain('python: NOT AUDITED');
  });

  it('lets a vulnerability pass until the day on which it is no longer accepted', async () => {
    advisories.npm = { name: 'zod', severity: 'high' };
    accept(npmAdvisory, '2999-01-01');
    const during = await audit('npm');
    accept(npmAdvisory, '2020-01-01');
    const after = await audit('npm');
    expect(during.status).toBe(0);
    expect(during.output).toMatch(/besides 1 accepted/);
    expect(after.status).toBe(1);
  });

  it.each(Object.values(pythonAdvisory))('knows an accepted vulnerability as %s', async (id) => {
    python = recordings.vulnerable;
    accept(id, '2999-01-01');
    expect((await audit('python')).status).toBe(0);
  });

  it('ends with 2 when it is asked for what it does not do', async () => {
    expect((await audit('docker')).status).toBe(2);
  });
});

describe('pip-audit', () => {
  it('is the release whose recordings these tests go by', () => {
    const pins = readFileSync(join(root, 'setup/requirements-audit.txt'), 'utf8');
    expect(pins).toMatch(new RegExp(`^pip-audit==${recordedVersion}$`, 'm'));
  });

  it('is asked about the file that was named, at the service that was named, in JSON', async () => {
    await audit('python', '--requirements', 'some.txt', '--osv-url', 'http://127.0.0.1:9/osv');
    expect(readFileSync(join(folder, 'arguments'), 'utf8').trim().split('\n')).toStrictEqual([
      ...['--requirement', 'some.txt', '--disable-pip', '--vulnerability-service', 'osv'],
      ...['--osv-url', 'http://127.0.0.1:9/osv', '--format', 'json', '--desc', 'off'],
      ...['--progress-spinner', 'off'],
    ]);
  });

  it('is installed into a virtual environment of its own, once', async () => {
    // Arrange: a copy of the set-up, and a python3 that only says what it was called with
    const copy = mkdtempSync(join(folder, 'copy-'));
    cpSync(join(root, 'setup'), join(copy, 'setup'), { recursive: true });
    mkdirSync(join(copy, 'path'));
    pipAuditOf(join(copy, 'path'), recordings.clean);
    const python3 = `#!/bin/sh
echo "$@" >> "${copy}/calls"
if [ "$2" = venv ]; then
  mkdir -p "$4/bin"
  cp "$0" "$4/bin/python"
  cp "${copy}/path/pip-audit" "$4/bin/pip-audit"
fi
`;
    writeFileSync(join(copy, 'path/python3'), python3);
    chmodSync(join(copy, 'path/python3'), 0o755);
    const env = { PATH: `${join(copy, 'path')}:${process.env.PATH}` };
    const own = join(copy, '.cache/pip-audit');

    // Act
    const first = await run(join(copy, 'setup/audit.mjs'), ['python'], env);
    const second = await run(join(copy, 'setup/audit.mjs'), ['python'], env);

    // Assess
    expect([first.status, second.status]).toStrictEqual([0, 0]);
    expect(readFileSync(join(copy, 'calls'), 'utf8').trim().split('\n')).toStrictEqual([
      `-m venv --clear ${own}`,
      `-m pip install --quiet --disable-pip-version-check --requirement ${join(copy, 'setup/requirements-audit.txt')}`,
    ]);
    expect(existsSync(join(own, 'bin/pip-audit'))).toBe(true);
  });
});

describe('Function: readAccepted', () => {
  it.each([
    ['no reason', { id: 'CVE-2026-1', until: '2027-01-01' }],
    ['no end', { id: 'CVE-2026-1', reason: 'x' }],
    ['an id that no shell should see', { id: 'CVE-1; reboot', reason: 'x', until: '2027-01-01' }],
    ['a key too many', { id: 'CVE-2026-1', reason: 'x', until: '2027-01-01', severity: 'low' }],
  ])('refuses an entry with %s', (_, entry) => {
    writeFileSync(accepted, JSON.stringify([entry]));
    expect(() => readAccepted(accepted, new Date())).toThrow(/needs an "id"/);
  });
});
