import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { auditPython } from '#stacks/constructs/image-audit.ts';
import { root, synthesise } from './synthesis.ts';

const folder = mkdtempSync(join(tmpdir(), 'image-build-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Project {
  readonly Name: string;
  readonly Source: { readonly BuildSpec: string };
  readonly Environment: {
    readonly EnvironmentVariables: readonly { readonly Name: string; readonly Value: unknown }[];
  };
}

const projects = Object.values(
  synthesise().template('environment').findResources('AWS::CodeBuild::Project'),
).map(({ Properties }) => Properties as Project);
const project = (name: string) => projects.find(({ Name }) => Name === `lea-dev-${name}`)!;
const variable = ({ Environment }: Project, name: string) =>
  String(Environment.EnvironmentVariables.find(({ Name }) => Name === name)!.Value);

const bin = join(folder, 'bin');
const log = join(folder, 'log');
mkdirSync(bin);
for (const tool of ['aws', 'docker']) {
  // Writes down how it was called; fails when its first words are among those that are to fail.
  const script = `#!/bin/sh
echo "${tool} $*" >> "$LOG"
for failing in $FAILING; do case "${tool}-$1-$2" in "$failing"*) exit 1;; esac; done
`;
  writeFileSync(join(bin, tool), script, { mode: 0o755 });
}

/** Runs a project's build commands with recorders in place of AWS and Docker. */
function build(one: Project, cwd: string, failing: readonly string[]) {
  const { phases } = JSON.parse(one.Source.BuildSpec) as {
    phases: Record<string, { commands: string[] }>;
  };
  const commands = Object.values(phases).flatMap((phase) => phase.commands);
  writeFileSync(log, '');
  const { status } = spawnSync('/bin/sh', ['-c', commands.join('\n')], {
    cwd,
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      LOG: log,
      FAILING: failing.join(' '),
      IMAGE_URI: 'registry/lea:tag',
      REPOSITORY: 'lea',
      REGISTRY: 'registry',
      DOCKERFILE: variable(one, 'DOCKERFILE'),
      AUDIT: variable(one, 'AUDIT'),
    },
  });
  const calls = readFileSync(log, 'utf8').trim().split('\n');
  return { status, docker: calls.filter((call) => call.startsWith('docker ')) };
}

const absent = 'aws-ecr-describe-images';

describe.each([
  ['lea-environment', join(root, 'containers/environment'), 'python:3.11-slim'],
  ['lea-trainer', resolve(root), 'node:24.21.0-bookworm-slim'],
])('The build of %s', (name, cwd, base) => {
  const one = project(name);

  it('audits what it is about to install, in the image that it begins with, then builds', () => {
    const { status, docker } = build(one, cwd, [absent]);
    expect(status).toBe(0);
    expect(docker).toStrictEqual([
      `docker run --rm --volume ${cwd}:/source:ro --workdir /source public.ecr.aws/docker/library/${base} sh -c ${variable(one, 'AUDIT')}`,
      'docker login --username AWS --password-stdin registry',
      `docker build --file ${variable(one, 'DOCKERFILE')} --tag registry/lea:tag .`,
      'docker push registry/lea:tag',
    ]);
  });

  it('fails, and builds nothing, when the audit fails', () => {
    const { status, docker } = build(one, cwd, [absent, 'docker-run']);
    expect(status).not.toBe(0);
    expect(docker).toHaveLength(1);
  });

  it('does nothing about an image that is there', () => {
    expect(build(one, cwd, [])).toStrictEqual({ status: 0, docker: [] });
  });
});

describe('The audits', () => {
  it('run what `npm run audit` runs', () => {
    const pin = /^pip-audit==.*$/m.exec(
      readFileSync(join(root, 'setup/requirements-audit.txt'), 'utf8'),
    );
    expect(variable(project('lea-environment'), 'AUDIT')).toContain(` ${pin![0]} && pip-audit `);
    const [program, script, ...args] = variable(project('lea-trainer'), 'AUDIT').split(' ');
    expect([program, ...args]).toStrictEqual(['node', 'npm']);
    expect(existsSync(join(root, script!))).toBe(true);
  });

  it('let pass what is accepted, until its day', () => {
    // Arrange
    const entry = (id: string, until: string) => ({ id, reason: 'we never call it', until });
    const entries = [entry('CVE-2026-1', '2027-01-01'), entry('CVE-2026-2', '2026-01-01')];
    writeFileSync(join(folder, 'requirements-audit.txt'), '# why\npip-audit==1.0\n');
    writeFileSync(join(folder, 'accepted-vulnerabilities.json'), JSON.stringify(entries));
    // Act
    const command = auditPython(folder, new Date('2027-01-01T12:00:00Z'));
    // Assess
    expect(command).toMatch(/ pip-audit==1\.0 && pip-audit .* --ignore-vuln CVE-2026-1$/);
  });
});
