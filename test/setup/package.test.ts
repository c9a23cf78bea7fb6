import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { findHome } from '../../setup/home.mjs';
import { root } from '../../setup/paths.mjs';
import { temporaryFolder } from '../temporary/folders.ts';

const folder = realpathSync(temporaryFolder('package'));
/** As `npm install --global --prefix PREFIX` lays it out. */
const installed = join(folder, 'prefix/lib/node_modules/lea');
/** Somewhere with neither a repository nor packages. */
const elsewhere = join(folder, 'elsewhere');
const home = join(folder, 'data');

const lea = (...args: readonly string[]) =>
  spawnSync(process.execPath, [join(installed, 'bin/lea.mjs'), ...args], {
    cwd: elsewhere,
    encoding: 'utf8',
    env: { ...process.env, LEA_HOME: home },
  });

const packed = () =>
  globSync('**', { cwd: installed, exclude: (path) => path === 'node_modules' }).filter((path) =>
    lstatSync(join(installed, path)).isFile(),
  );

beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  mkdirSync(elsewhere);
  execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: root });
  const [archive] = globSync('lea-*.tgz', { cwd: folder });
  execFileSync('tar', ['-xzf', join(folder, archive!), '--strip-components=1', '-C', installed]);
  symlinkSync(join(root, 'node_modules'), join(installed, 'node_modules'));
}, 60_000);

describe('The package', () => {
  it('holds the product and what one reads of it, nothing else', () => {
    const files = packed();

    expect(files).toContain('cli/commands/index.ts');
    expect(files).toContain('containers/environment/environment/__main__.py');
    expect(files).toContain('examples/movietweetings/interactions.jsonl.gz');
    expect(
      files.filter((path) => /(^|\/)(test|bench|__pycache__|\.\w+)\/|\.test\./.test(path)),
    ).toStrictEqual([]);
    expect(new Set(files.map((path) => path.split('/')[0]))).toStrictEqual(
      new Set([
        ...[
          'bin',
          'cdk.json',
          'cli',
          'config',
          'containers',
          'docs',
          'examples',
          'functions',
          'layers',
        ],
        ...['lib', 'local', 'platform', 'setup', 'stacks', 'tsconfig.json'],
        ...['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'],
      ]),
    );
  });

  it('names every package that its programs import, so that npm installs it', () => {
    const { dependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    );
    const named = Object.keys({ ...dependencies, ...optionalDependencies });
    const imported = packed()
      .filter((path) => /\.(ts|mjs)$/.test(path))
      .flatMap((path) => [
        ...readFileSync(join(installed, path), 'utf8').matchAll(
          /^(?:import|export|\})[^\n']*from '((?:@[\w-]+\/)?[a-z][\w.-]*)[^'\n]*';$/gm,
        ),
      ])
      .map(([, name]) => name!)
      .filter((name) => name !== 'node');

    expect(imported.length).toBeGreaterThan(100);
    expect([...new Set(imported)].filter((name) => !named.includes(name))).toStrictEqual([]);
  });

  it('runs from a folder without a repository, out of a copy of its own', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

    const { status, stdout, stderr } = lea('--version');

    expect({ status, stdout, stderr }).toStrictEqual({
      status: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
    const copy = findHome(installed, home);
    expect(copy.startsWith(home)).toBe(true);
    expect(realpathSync(join(copy, 'node_modules'))).toBe(join(root, 'node_modules'));
    expect(existsSync(join(copy, 'cli/commands/index.ts'))).toBe(true);
  });

  it('looks at files and says what an upload would, without any set-up', () => {
    const rows = Array.from(
      { length: 50 },
      (_, i) => `u${i % 5},i${i % 7},2026-01-0${1 + (i % 9)}T00:00:${10 + i}Z`,
    );
    writeFileSync(join(elsewhere, 'log.csv'), ['user_id,item_id,timestamp', ...rows].join('\n'));

    const first = lea('init', 'log.csv');
    const second = lea('validate', 'log.csv', '--config', 'lea.json');

    expect(first.stderr).toBe('');
    expect(first.stdout).toContain('50 of the 50 rows of log.csv were taken');
    // What it tells to type is there: `npx lea` would be another package.
    expect(first.stdout).toContain('Next:  lea validate --interactions log.csv');
    expect(first.stdout + lea('run', '--help').stdout).not.toContain('npx');
    expect(second.stdout).toContain('50 rows = 50 good + 0 quarantined + 0 duplicate');
    expect([first.status, second.status]).toStrictEqual([0, 0]);
    expect(existsSync(join(findHome(installed, home), '.venv'))).toBe(false);
  });
});

describe('The folder that programs run from', () => {
  it('is a checkout itself', () => {
    expect(findHome(root, join(folder, 'unused'))).toBe(realpathSync(root));
    expect(existsSync(join(folder, 'unused'))).toBe(false);
  });

  it('is replaced by the next version, which takes over what the set-up made', () => {
    const data = join(folder, 'updated');
    const place = join(mkdtempSync(join(folder, 'one-')), 'node_modules/lea');
    const release = (version: string) => {
      mkdirSync(join(place, 'node_modules/node'), { recursive: true });
      writeFileSync(join(place, 'package.json'), JSON.stringify({ version }));
      writeFileSync(join(place, 'program.ts'), version);
    };
    release('1.0.0');
    const before = findHome(place, data);
    mkdirSync(join(before, '.venv'));
    writeFileSync(join(before, '.venv/made'), 'by the set-up');

    release('1.1.0');
    const after = findHome(place, data);

    expect(findHome(place, data)).toBe(after);
    expect(readFileSync(join(after, 'program.ts'), 'utf8')).toBe('1.1.0');
    expect(readFileSync(join(after, '.venv/made'), 'utf8')).toBe('by the set-up');
    expect(existsSync(before)).toBe(false);
    expect(readdirSync(join(after, '..'))).toHaveLength(1);
  });
});
