import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Guardian } from '#local/processes/guardian.ts';
import { childrenOf, eventually, isAlive } from '../fixture/processes.ts';

const program = fileURLToPath(new URL('../fixture/watched.ts', import.meta.url));

describe('Class: Guardian', () => {
  it('ends whole process trees when the parent is killed', async () => {
    // Arrange
    const parent = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];
    expect(pids).toHaveLength(3);
    expect(pids.map(isAlive)).toEqual([true, true, true]);

    // Act
    parent.kill('SIGKILL');

    // Assess
    await eventually(() => !pids.some(isAlive));
  });

  it('is replaced when it is killed itself', async () => {
    // Arrange
    const parent = spawn(process.execPath, [program, 'kill the guardian'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pids = JSON.parse(line.toString()) as number[];

    // Act
    parent.kill('SIGKILL');

    // Assess
    await eventually(() => !pids.some(isAlive));
  });

  it('stops at once when it is gone already', async () => {
    // Arrange
    const guardian = new Guardian();
    const [pid] = await eventually(() => childrenOf(process.pid, 'guardian-process'));

    // Act
    process.kill(pid!, 'SIGKILL');
    await eventually(() => !isAlive(pid!));

    // Assess
    await guardian.stop();
  });

  it('leaves alone what it was told to forget', async () => {
    // Arrange
    const guardian = new Guardian();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      detached: true,
    });
    guardian.watch(child.pid!);
    guardian.forget(child.pid!);

    // Act
    await guardian.stop();

    // Assess
    expect(isAlive(child.pid!)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
});
