import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lockHeader } from '../setup/lock-header.mjs';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

/** A package of the lock file, as far as it matters here. */
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  /** Lies inside of the package that it belongs to, whose hash covers it. */
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly engines?: { readonly node?: string };
}

interface Lock {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Locked>>;
}

const exact = /^\d+\.\d+\.\d+(-[\w.]+)?$/;

/** Folders with a lock file; what installing their packages would run, and setup/ does instead where it is needed. */
const locked: readonly [folder: string, installScripts: readonly string[]][] = [
  [
    '.',
    [
      'node_modules/@tensorflow/tfjs-node',
      'node_modules/core-js',
      'node_modules/esbuild',
      'node_modules/node',
    ],
  ],
  ['setup/api-docs', []],
];

describe.each(locked)('The dependencies from npm of %s', (folder, installScripts) => {
  const lock = JSON.parse(read(join(folder, 'package-lock.json'))) as Lock;
  const manifest = JSON.parse(read(join(folder, 'package.json'))) as Record<
    string,
    Record<string, string>
  >;
  const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

  /** The paths of the packages that something is wrong with. */
  const where = (wrong: (one: Locked) => boolean) =>
    packages.filter(([, one]) => wrong(one)).map(([path]) => path);

  it('are pinned by a hash, each of them', () => {
    expect(lock.lockfileVersion).toBe(3);
    expect(packages.length).toBeGreaterThan(10);
    expect(
      where(({ integrity, inBundle }) => !inBundle && !/^sha512-.{86}==$/.test(integrity ?? '')),
    ).toStrictEqual([]);
  });

  it('come from whichever registry is configured: no address, no repository, no folder', () => {
    expect(where((one) => one.resolved !== undefined || one.link === true)).toStrictEqual([]);
    expect(where(({ version }) => !exact.test(version ?? ''))).toStrictEqual([]);
    expect(read(join(folder, 'package-lock.json'))).not.toMatch(
      /"(git\+|git:|github:|file:|http:)/,
    );
  });

  it('run no code while they are installed', () => {
    expect(read('.npmrc')).toMatch(/^ignore-scripts=true$/m);
    // Whoever adds one has to find out what it is for.
    expect(where((one) => one.hasInstallScript === true)).toStrictEqual(installScripts);
  });

  it('are optional only where they accept the oldest Node.js: npm drops others without a word', () => {
    const accepts = (range: string) =>
      range.split('||').some((part) => Number(/\d+/.exec(part)?.[0] ?? 0) <= 20);

    expect(
      where(({ optional, engines }) => optional === true && !accepts(engines?.node ?? '*')),
    ).toStrictEqual([]);
  });

  it('are named with exact versions, those of the lock file', () => {
    const wanted = {
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.devDependencies,
    };
    expect(Object.entries(wanted).filter(([, version]) => !exact.test(version))).toStrictEqual([]);
    for (const [name, version] of Object.entries(wanted)) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });
});

describe('The dependencies from PyPI', () => {
  it.each([
    'containers/environment/requirements.txt',
    'containers/environment/requirements-common.txt',
    'containers/environment/requirements-test.txt',
    'test/deploy/requirements.txt',
    'setup/requirements-audit.txt',
    'setup/requirements-lock.txt',
    'setup/requirements-check.txt',
  ])('%s names exact versions only', (path) => {
    const lines = read(path)
      .split('\n')
      .filter((line) => !/^$|^#|^-r requirements-[a-z]+\.txt$/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/^[\w.[\]-]+==[\w.]+$/.test(line))).toStrictEqual([]);
  });
});

describe('The Python packages of the environment’s image', () => {
  const folder = join(root, 'containers/environment');
  const lock = read('containers/environment/requirements.lock');
  /** Name and version of each, and how many hashes it has. */
  const locked = new Map(
    [
      ...lock.matchAll(
        /^([\w.-]+)==([\w.]+) \\\n((?: {4}--hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)/gm,
      ),
    ].map(([, name, version, hashes]) => [
      name!,
      { version, hashes: hashes!.trim().split('\n').length },
    ]),
  );

  it('are those of the requirements as they are now (npm run lock:python)', () => {
    expect(lock.startsWith(lockHeader(folder))).toBe(true);
  });

  it('are all pinned by hash, the ones that they need included', () => {
    const entries = lock.split('\n').filter((line) => /^[^\s#]/.test(line));
    expect(entries.map((line) => line.split('==')[0])).toStrictEqual([...locked.keys()]);
    const wanted = [
      ...read('containers/environment/requirements-common.txt').matchAll(/^(\w[\w-]*)==(\S+)$/gm),
    ];
    expect(wanted.length).toBeGreaterThan(5);
    for (const [, name, version] of wanted) expect(locked.get(name!)?.version, name).toBe(version);
    expect(
      [...locked.keys()].filter((name) => /^nvidia-cu|^triton$/.test(name)).length,
    ).toBeGreaterThan(3);
  });

  it('are installed as they are listed, and nothing else is', () => {
    expect(read('containers/environment/Dockerfile')).toMatch(
      /pip install .*--require-hashes --no-deps .*--requirement requirements\.lock$/m,
    );
  });
});

describe('The images', () => {
  const dockerfiles = ['containers/environment/Dockerfile', 'containers/trainer/Dockerfile'];

  it.each(dockerfiles)('%s begins with images that have a digest', (path) => {
    const text = read(path);
    const bases = [...text.matchAll(/^(?:FROM|ARG BASE=)\s*(\S+)/gm)]
      .map(([, from]) => from!.replace(/^BASE=/, ''))
      .filter((from) => !/BASE\}?$/.test(from));
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(/:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });

  it('run the Node.js that everything here runs on', () => {
    const { optionalDependencies } = JSON.parse(read('package.json'));
    const bases = [...read('containers/trainer/Dockerfile').matchAll(/library\/node:([\d.]+)-/g)];
    expect(bases.map(([, version]) => version)).toStrictEqual([
      optionalDependencies.node,
      optionalDependencies.node,
    ]);
  });

  it('of the trainer have no package for development, and none that installs others', () => {
    const [, image] = read('containers/trainer/Dockerfile').split(/^FROM \$\{BASE\}$/m);
    expect(read('containers/trainer/Dockerfile')).toContain('npm ci --omit=dev --omit=optional');
    expect(image).not.toMatch(/apt-get|npm|pip/);
  });
});
