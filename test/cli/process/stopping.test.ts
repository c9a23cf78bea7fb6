import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { childrenOf, eventually, isAlive } from '../../local/fixture/processes.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const program = fileURLToPath(new URL('../fixture/long.ts', import.meta.url));
let dir: string;
let log: string;

beforeEach(() => {
  dir = temporaryFolder('stopping');
  log = join(dir, 'log');
});

const notes = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);

/** Resolves with the process id of the program, once it works. */
const working = () =>
  eventually(() => {
    // The file may be there already, and still empty.
    const [first = ''] = notes();
    return first.startsWith('pid ') && Number(first.slice('pid '.length));
  });

const start = (stopMilliseconds = '300') =>
  spawn(process.execPath, [program, log, stopMilliseconds], { stdio: 'ignore' });

describe('Function: listenForInterruption', () => {
  it('takes the Ctrl-C of the terminal and the one that npm hands on for one', async () => {
    const child = start();
    await working();

    child.kill('SIGINT');
    await eventually(() => notes().includes('asked'));
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');

    expect(code).toBe(130);
    expect(notes().slice(1)).toEqual(['asked', 'in good order', 'exit 130']);
  });

  it('ends at once when Ctrl-C is pressed again', async () => {
    const child = start('60000');
    await working();

    child.kill('SIGINT');
    await sleep(1500);
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');

    expect(code).toBe(130);
    expect(notes().slice(1)).toEqual(['asked', 'exit 130']);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('stops in good order on %s', async (signal, expected) => {
    const child = start();
    await working();

    child.kill(signal);
    const [code] = await once(child, 'exit');

    expect(code).toBe(expected);
    expect(notes()).toContain('in good order');
  });
});

describe('Function: watchAncestors', () => {
  /** npm, and what it runs: through a shell, as a script, or as `npx` does. */
  function npm(...args: string[]): ChildProcess {
    const command = `"${process.execPath}" "${program}" "${log}"`;
    // A second command keeps the shell from becoming the program.
    const scripts = { straight: command, 'by-shell': `${command}; true` };
    writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'x', scripts }));
    const { npm_command: _, ...env } = process.env;
    return spawn('npm', args, { cwd: dir, stdio: 'ignore', env });
  }

  it.each([
    ['npm run', ['run', 'straight']],
    ['npm run, through a shell', ['run', 'by-shell']],
    ['npx', ['exec', '--offline', '-c', 'npm run by-shell']],
  ])('stops when %s is killed outright', async (_case, args) => {
    const started = npm(...args);
    const pid = await working();

    started.kill('SIGKILL');
    await once(started, 'exit');
    await eventually(() => !isAlive(pid));

    expect(notes().slice(1)).toEqual(['asked', 'in good order', 'exit 143']);
  });

  it('stops when the shell between is killed', async () => {
    const started = npm('run', 'by-shell');
    const pid = await working();
    const [shell] = await eventually(() => childrenOf(started.pid!, 'sh'));

    process.kill(shell!, 'SIGKILL');
    await eventually(() => !isAlive(pid));

    expect(notes()).toContain('in good order');
  });

  it('lets a command go on whose shell has ended, if npm is not there', async () => {
    const command = `"${process.execPath}" "${program}" "${log}" & sleep 0.2`;
    const { npm_command: _, ...env } = process.env;
    const shell = spawn('sh', ['-c', command], { stdio: 'ignore', env });
    const ended = once(shell, 'exit');
    const pid = await working();
    await ended;

    await sleep(1500);

    expect(isAlive(pid)).toBe(true);
    expect(notes()).toHaveLength(1);
    process.kill(pid, 'SIGTERM');
    await eventually(() => !isAlive(pid));
  });
});

describe('Function: watchOutput', () => {
  it('stops in good order, without a stack trace, when nobody reads any more', async () => {
    const command = `"${process.execPath}" "${program}" "${log}" | head -n 1`;
    const shell = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    await once(shell, 'close');

    expect(output).toBe('working\n');
    expect(notes().slice(1)).toEqual(['asked', 'in good order', 'exit 143']);
  });
});
