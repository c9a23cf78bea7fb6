import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ContainerImage } from '#stacks/constructs/container-image.ts';
import { temporaryFolder } from '../temporary/folders.ts';
import { root, synthesise } from './synthesis.ts';

const folder = temporaryFolder('image-build');

interface Project {
  readonly Name: string;
  readonly Source: { readonly BuildSpec: string };
  readonly TimeoutInMinutes: number;
  readonly QueuedTimeoutInMinutes: number;
  readonly Environment: {
    readonly EnvironmentVariables: readonly { readonly Name: string; readonly Value: unknown }[];
  };
}

const synthesised = synthesise({ context: { 'aws:cdk:disable-asset-staging': false } });
const projects = Object.values(
  synthesised.template('environment').findResources('AWS::CodeBuild::Project'),
).map(({ Properties }) => Properties as Project);
const project = (name: string) => projects.find(({ Name }) => Name === `lea-dev-${name}`)!;
const variable = ({ Environment }: Project, name: string) =>
  String(Environment.EnvironmentVariables.find(({ Name }) => Name === name)!.Value);

const bin = join(folder, 'bin');
const log = join(folder, 'log');
mkdirSync(bin);
for (const tool of ['aws', 'docker', 'node']) {
  // Writes down how it was called; ends with the status that STATUS has for its first words, such as `docker-push=1`.
  const script = `#!/bin/sh
echo "${tool} $*" >> "$LOG"
for status in $STATUS; do case "${tool}-$1-$2" in "\${status%=*}"*) exit "\${status#*=}";; esac; done
`;
  writeFileSync(join(bin, tool), script, { mode: 0o755 });
}

/** Runs a project's build commands with recorders in place of AWS, Docker and Node.js. */
function build(one: Project, ...statuses: readonly string[]) {
  const { phases } = JSON.parse(one.Source.BuildSpec) as {
    phases: { build: { commands: string[] } };
  };
  writeFileSync(log, '');
  const { status, stderr } = spawnSync('/bin/sh', ['-c', phases.build.commands.join('\n')], {
    cwd: root,
    encoding: 'utf8',
    env: {
      PATH: `${bin}:/usr/bin:/bin`,
      LOG: log,
      STATUS: statuses.join(' '),
      IMAGE_URI: 'registry/lea:tag',
      REPOSITORY: 'lea',
      REGISTRY: 'registry',
      DOCKERFILE: variable(one, 'DOCKERFILE'),
      AUDIT: variable(one, 'AUDIT'),
    },
  });
  const calls = readFileSync(log, 'utf8').trim().split('\n');
  return { status, stderr, calls: calls.filter((call) => !call.startsWith('aws ')) };
}

const absent = 'aws-ecr-describe=1';

describe.each([
  ['lea-environment', 'python', 'python:3.11-slim'],
  ['lea-trainer', 'npm', 'node:24.21.0-bookworm-slim'],
])('The build of %s', (name, audit, base) => {
  const one = project(name);
  const dockerfile = `containers/${name.replace('lea-', '')}/Dockerfile`;
  const image = new RegExp(`public\\.ecr\\.aws/docker/library/${base}@sha256:[0-9a-f]{64}`).exec(
    readFileSync(join(root, dockerfile), 'utf8'),
  )![0];
  const audited = `node setup/audit.mjs ${audit}`;
  const built = [
    `docker pull --quiet ${image}`,
    'docker login --username AWS --password-stdin registry',
    `docker build --file ${dockerfile} --tag registry/lea:tag .`,
    'docker push registry/lea:tag',
  ];

  it('audits what it is about to install, then builds', () => {
    const { status, calls } = build(one, absent);
    expect(status).toBe(0);
    expect(calls).toStrictEqual([audited, ...built]);
  });

  it('fails, and builds nothing, when something is vulnerable', () => {
    const { status, calls, stderr } = build(one, absent, 'node=1');
    expect(status).toBe(1);
    expect(calls).toStrictEqual([audited]);
    expect(stderr).toContain('Nothing is built');
  });

  it.each(['2', '124'])('builds, and says so, when nothing could be found out (%s)', (code) => {
    const { status, calls, stderr } = build(one, absent, `node=${code}`);
    expect(status).toBe(0);
    expect(calls).toStrictEqual([audited, ...built]);
    expect(stderr).toContain(`the ${audit} packages were NOT AUDITED`);
  });

  it('says what to do when the base image is gone', () => {
    const { status, stderr } = build(one, absent, 'docker-pull=1');
    expect(status).toBe(1);
    expect(stderr).toContain(`${image} cannot be pulled`);
    expect(stderr).toContain('npm run pin:images');
  });

  it.each(['docker-login=1', 'docker-build=1', 'docker-push=1'])('fails with %s', (failing) => {
    expect(build(one, absent, failing).status).not.toBe(0);
  });

  it('does nothing about an image that is there', () => {
    expect(build(one)).toMatchObject({ status: 0, calls: [] });
  });

  it('has all that it is built from in its source, and nothing of another room', () => {
    // Arrange: what CDK packs, as it packs it
    const { environmentImage, trainerImage } = synthesised.stacks.environment;
    const images = [environmentImage, trainerImage] as ContainerImage[];
    const { source } = images[name === 'lea-environment' ? 0 : 1]!.project;
    const asset = join(synthesised.app.outdir, `asset.${source.assetHash}`);
    const copied = readFileSync(join(root, dockerfile), 'utf8')
      .split('\n')
      .filter((line) => /^COPY (?!--from)/.test(line))
      .flatMap((line) => line.split(' ').slice(1, -1));
    const needed = [
      ...copied,
      ...['setup/build-image.sh', 'setup/audit.mjs', 'setup/audit/accepted.mjs', 'setup/paths.mjs'],
      ...['setup/run.mjs', 'setup/accepted-vulnerabilities.json', 'setup/requirements-audit.txt'],
    ];
    // Assess
    expect(copied.length).toBeGreaterThan(1);
    expect(needed.filter((path) => !existsSync(join(asset, path)))).toStrictEqual([]);
    const first = (paths: readonly string[]) => [
      ...new Set(paths.map((path) => path.split('/')[0])),
    ];
    expect(readdirSync(asset).sort()).toStrictEqual(first([...needed, dockerfile]).sort());
    expect(readdirSync(join(asset, 'containers'))).toStrictEqual([name.replace('lea-', '')]);
  });

  it('ends before CloudFormation gives up, and so does each of its steps', () => {
    const limits = [
      ...readFileSync(join(root, 'setup/build-image.sh'), 'utf8').matchAll(/\bstep (\d+) /g),
    ];
    const minutes = limits.reduce((sum, [, limit]) => sum + Number(limit), 0);
    expect(limits.length).toBeGreaterThanOrEqual(4);
    expect(minutes).toBeLessThan(one.TimeoutInMinutes);
    expect(one.TimeoutInMinutes + one.QueuedTimeoutInMinutes).toBeLessThan(60);
  });
});

describe('A step that hangs', () => {
  it('is ended, and named', () => {
    // Arrange: the script's own function, with minutes that last a tenth of a second
    const script = readFileSync(join(root, 'setup/build-image.sh'), 'utf8');
    const body = /^step\(\) \{[\s\S]*?^\}/m.exec(script)![0].replace(/"\$\{minutes\}m"/, '0.1');
    // Act
    const { status, stderr } = spawnSync('/bin/sh', ['-c', `${body}\nstep 5 sleep 600`], {
      encoding: 'utf8',
    });
    // Assess
    expect(status).toBe(124);
    expect(stderr).toContain('Stopped after 5 minutes: sleep 600');
  });
});
