import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAccepted } from '../../setup/audit/accepted.mjs';
import { root } from '../../setup/paths.mjs';
import { type Advisories, npmAdvisory, pythonAdvisory, startAdvisories } from './advisories.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-'));
const requirements = join(folder, 'requirements.txt');
const accepted = join(folder, 'accepted.json');
const none: Advisories = { npm: undefined, python: undefined, offered: true };
const advisories = { ...none };
let service: Awaited<ReturnType<typeof startAdvisories>>;

beforeAll(async () => {
  // One that needs nothing else, and is small.
  writeFileSync(requirements, 'sortedcontainers==2.4.0\n');
  service = await startAdvisories(advisories);
});
afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  Object.assign(advisories, none);
  writeFileSync(accepted, '[]');
});

/** Runs the real npm and pip-audit against the stand-in. */
function audit(...args: string[]): Promise<{ status: number; output: string }> {
  const osv = ['--osv-url', `${service.url}osv`];
  const files = ['--requirements', requirements, '--accepted', accepted];
  const env = {
    ...process.env,
    npm_config_registry: service.url,
    // npm remembers advisories.
    npm_config_cache: mkdtempSync(join(folder, 'npm-')),
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['setup/audit.mjs', ...osv, ...files, ...args],
      { cwd: root, env },
      (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr }),
    );
  });
}

const accept = (id: string, until: string) =>
  writeFileSync(accepted, JSON.stringify([{ id, reason: 'we never call it', until }]));

describe('Script: audit', { timeout: 60_000 }, () => {
  it('ends with 0 when nothing is known of any package', async () => {
    const { status, output } = await audit();
    expect(status).toBe(0);
    expect(output).toMatch(/^npm: \d+ packages, 0 known vulnerabilities$/m);
    expect(output).toMatch(/^python: 1 packages, 0 known vulnerabilities$/m);
  });

  it.each([
    ['npm', { npm: { name: 'zod', severity: 'high' } }, `${npmAdvisory}: zod <999.0.0, high`],
    ['python', { python: 'sortedcontainers' }, `CVE-2026-1.*: sortedcontainers 2.4.0`],
  ])(
    'ends with 1 when something serious is known of a package from %s',
    async (subject, known, line) => {
      Object.assign(advisories, known);
      const { status, output } = await audit(subject);
      expect(status).toBe(1);
      expect(output).toMatch(new RegExp(line));
      expect(output).toContain('setup/accepted-vulnerabilities.json');
    },
  );

  it.each([
    ['a moderate one', { name: 'zod', severity: 'moderate' }],
    ['one of a package that is not deployed', { name: 'vitest', severity: 'critical' }],
  ])('ends with 0 for %s', async (_, npm) => {
    advisories.npm = npm;
    expect((await audit('npm')).status).toBe(0);
  });

  it.each(['npm', 'python'])('ends with 2, and says so, when %s has no audit', async (subject) => {
    advisories.offered = false;
    const { status, output } = await audit(subject);
    expect(status).toBe(2);
    expect(output).toMatch(
      new RegExp(`^${subject}: NOT AUDITED\\. .*405 .*Method Not Allowed`, 'm'),
    );
    expect(output).toContain(new URL(service.url).host);
    expect(output).toMatch(/try again/);
  });

  it('ends with 1 when one audit finds something and the other cannot be had', async () => {
    advisories.npm = { name: 'zod', severity: 'critical' };
    const { status, output } = await audit('--requirements', join(folder, 'absent.txt'));
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

  it('knows an accepted vulnerability by each of its names', async () => {
    advisories.python = 'sortedcontainers';
    accept(pythonAdvisory.aliases[0]!, '2999-01-01');
    expect((await audit('python')).status).toBe(0);
  });

  it('ends with 2 when it is asked for what it does not do', async () => {
    expect((await audit('docker')).status).toBe(2);
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
