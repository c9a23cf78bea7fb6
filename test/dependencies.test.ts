import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

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

  it('are named with exact versions, those of the lock file', () => {
    const wanted = { ...manifest.dependencies, ...manifest.devDependencies };
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
    'setup/requirements-check.txt',
  ])('%s names exact versions only', (path) => {
    const lines = read(path)
      .split('\n')
      .filter((line) => !/^$|^#|^-r requirements-[a-z]+\.txt$/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/^[\w.[\]-]+==[\w.]+$/.test(line))).toStrictEqual([]);
  });
});
