import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../temporary/folders.ts';
import { runWith } from './commands.ts';

describe('Function: runWith', () => {
  it('gives what a program printed, and the end of it when it failed', async () => {
    const run = runWith({ cwd: temporaryFolder('commands') });

    expect(await run('sh', ['-c', 'echo "$WHO"'], undefined, { WHO: 'a' })).toBe('a\n');
    await expect(run('sh', ['-c', 'echo out; echo why >&2; exit 3'])).rejects.toThrow(
      /^sh -c .* ended with 3:\nout\nwhy$/,
    );
    await expect(run('no-such-program', [])).rejects.toThrow('ENOENT');
  });

  it('ends what a program has started, too, and waits for its end', async () => {
    // Arrange: a program that starts another one, and does not tell it that it is to end. So does npx.
    const cwd = temporaryFolder('commands');
    const [begun, ended] = ['begun', 'ended'].map((name) => join(cwd, name)) as [string, string];
    const inner =
      'trap "sleep 0.2; echo in order > ended; exit" TERM; : > begun; while :; do sleep 0.05; done';
    const interruption = new AbortController();
    const running = runWith({ cwd })(
      'sh',
      ['-c', '"$@" & wait', 'sh', 'sh', '-c', inner],
      interruption.signal,
    );
    const outcome = running.catch((error: Error) => error.message);
    while (!existsSync(begun)) await sleep(10);
    // Act
    interruption.abort(new Error('interrupted by SIGINT'));
    // Assess
    expect(await outcome).toBe('interrupted by SIGINT');
    expect(readFileSync(ended, 'utf8')).toBe('in order\n');
  });

  it('starts nothing once it is to end', async () => {
    const cwd = temporaryFolder('commands');
    const signal = AbortSignal.abort(new Error('interrupted'));

    await expect(runWith({ cwd })('sh', ['-c', ': > begun'], signal)).rejects.toThrow(
      'interrupted',
    );
    expect(existsSync(join(cwd, 'begun'))).toBe(false);
  });
});
