import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { root } from '../../setup/paths.mjs';
import { temporaryFolder } from '../temporary/folders.ts';

const folder = temporaryFolder('launch');

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
};
const { app } = JSON.parse(readFileSync(join(root, 'cdk.json'), 'utf8')) as { app: string };

/** A Node.js by which a person may start a command, before node_modules has the pinned one. */
interface Host {
  readonly name: string;
  readonly command: readonly string[];
}

/** The Nodes of the search path, one of each version, and one that knows no TypeScript wherever this runs. */
function hosts(): Host[] {
  const found = new Map<string, Host>();
  for (const place of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(place, 'node');
    if (!existsSync(path) || realpathSync(path).includes('node_modules')) continue;
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    const [major, minor] = version.slice(1).split('.').map(Number);
    const isSupported = major! > 20 || (major === 20 && minor! >= 19);
    if (isSupported) found.set(version, { name: `Node.js ${version}`, command: [path] });
  }
  const old = [process.execPath, '--no-experimental-strip-types'];
  return [...found.values(), { name: 'a Node.js without TypeScript', command: old }];
}

const start = ([path, ...flags]: readonly string[], args: readonly string[], env: object = {}) =>
  promisify(execFile)(path!, [...flags, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 26,
  });

describe.each(hosts())('On $name', ({ command }) => {
  it('the app that cdk.json names writes the templates', async () => {
    const outdir = mkdtempSync(join(folder, 'assembly-'));
    const [node, ...program] = app.split(' ');

    // The template rules are another test's.
    await start(command, program, { CDK_OUTDIR: outdir, CDK_VALIDATION: 'false' });

    expect(node).toBe('node');
    expect(existsSync(join(outdir, 'manifest.json'))).toBe(true);
  });

  it('a program finds what Node.js compiled before, unless told to look elsewhere', async () => {
    // Arrange
    const program = join(folder, 'compiled.ts');
    writeFileSync(
      program,
      'console.log(process.getBuiltinModule("module").getCompileCacheDir());\n',
    );
    const elsewhere = join(folder, 'elsewhere');
    const cacheOf = async (env: object) => {
      // Vitest's own workers have it switched off.
      const on = { NODE_DISABLE_COMPILE_CACHE: undefined, ...env };
      const { stdout } = await start(command, ['bin/node.mjs', relative(root, program)], on);
      return stdout.trim();
    };

    // Act
    const own = await cacheOf({ NODE_COMPILE_CACHE: undefined });
    const told = await cacheOf({ NODE_COMPILE_CACHE: elsewhere });

    // Assess
    expect(own.startsWith(join(root, '.cache/compiled'))).toBe(true);
    expect(told.startsWith(elsewhere)).toBe(true);
  });

  it('a program has the process to itself, or ends with the one that started it', async () => {
    const program = join(folder, 'program.ts');
    writeFileSync(program, 'console.log(process.pid, process.ppid, process.env.LEA_LAUNCHER);\n');
    const [path, ...flags] = command;
    const child = spawn(path!, [...flags, 'bin/node.mjs', relative(root, program)], {
      cwd: root,
      env: { ...process.env, LEA_LAUNCHER: '' },
    });
    const [output] = await once(child.stdout, 'data');
    await once(child, 'exit');

    const [pid, parent, launcher] = String(output).trim().split(' ');
    const isSame = Number(pid) === child.pid;
    expect(isSame || (Number(parent) === child.pid && launcher === parent)).toBe(true);
  });

  it('lea runs a command', async () => {
    const args = ['cost', '--interactions', '1000000', '--items', '20000'];

    const { stdout } = await start(command, ['bin/lea.mjs', ...args]);

    expect(stdout).toContain('A run on 1,000,000 interactions of 20,000 items');
  });

  it('the conversion of an example says what it needs', async () => {
    const refused = start(command, ['bin/node.mjs', 'examples/goodbooks/convert.ts']);

    await expect(refused).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--source DIR --out DIR'),
    });
  });
});

describe('What a person is told to run', () => {
  const documents = globSync(['*.md', '{docs,examples,local,layers,lib}/**/*.md'], { cwd: root });
  const comments = globSync('{bin,cli,bench,examples}/**/*.{ts,mjs,py}', { cwd: root });
  const texts = [
    ...[...documents, ...comments].map((file) => [file, readFileSync(join(root, file), 'utf8')]),
    ...Object.entries(manifest.scripts),
    ['cdk.json', app],
  ] as [string, string][];

  it('never hands TypeScript to the Node.js of the host, which may not know it', () => {
    // A container's image has the pinned Node.js alone.
    const wrong = texts.flatMap(([where, text]) =>
      [...text.matchAll(/\bnode (?!containers\/)[\w./-]+\.ts\b/g)].map(
        ([found]) => `${where}: ${found}`,
      ),
    );

    expect(documents.length).toBeGreaterThan(8);
    expect(wrong).toEqual([]);
  });
});

describe('A fresh clone', () => {
  /** Stands for npm: does what installing the pinned Node.js does, and tells of its call. */
  const npm = `#!/bin/sh
echo "$@" > called
mkdir -p node_modules/node/bin node_modules/node/node_modules/node-bin/include/node
ln -s "${process.execPath}" node_modules/node/bin/node
`;

  function clone(): string {
    const copy = mkdtempSync(join(folder, 'clone-'));
    cpSync(join(root, 'setup'), join(copy, 'setup'), { recursive: true });
    cpSync(join(root, 'bin/node.mjs'), join(copy, 'bin/node.mjs'));
    mkdirSync(join(copy, 'node_modules/node'), { recursive: true });
    const version = process.version.slice(1);
    writeFileSync(join(copy, 'node_modules/node/package.json'), JSON.stringify({ version }));
    const program = 'const executable: string = process.execPath;\nconsole.log(executable);\n';
    writeFileSync(join(copy, 'program.ts'), program);
    mkdirSync(join(copy, 'path'));
    writeFileSync(join(copy, 'path/npm'), npm);
    chmodSync(join(copy, 'path/npm'), 0o755);
    return copy;
  }

  it('has the pinned Node.js put in place by the first command, once', async () => {
    const copy = clone();
    const host = [process.execPath, '--no-experimental-strip-types'];
    const env = { PATH: `${join(copy, 'path')}:${process.env.PATH}` };

    const first = await start(host, [join(copy, 'bin/node.mjs'), 'program.ts'], env);
    const called = readFileSync(join(copy, 'called'), 'utf8');
    rmSync(join(copy, 'called'));
    const second = await start(host, [join(copy, 'bin/node.mjs'), 'program.ts'], env);

    expect(called).toBe('rebuild node --ignore-scripts=false\n');
    expect(first.stdout).toBe(second.stdout);
    expect(first.stderr).toContain('putting the pinned version in place');
    expect(second.stderr).toBe('');
    expect(existsSync(join(copy, 'called'))).toBe(false);
  });

  it('without npm ci says so', async () => {
    const copy = clone();
    rmSync(join(copy, 'node_modules'), { recursive: true });

    const refused = start([process.execPath], [join(copy, 'bin/node.mjs'), 'program.ts']);

    await expect(refused).rejects.toMatchObject({ code: 1, stderr: '\nRun npm ci first.\n' });
  });

  it('says what to run', async () => {
    await expect(start([process.execPath], ['bin/node.mjs'])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Usage: node bin/node.mjs PROGRAM'),
    });
  });
});
