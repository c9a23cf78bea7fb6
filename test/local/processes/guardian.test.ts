import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Guardian } from '#local/processes/guardian.ts';
import { eventually, isAlive } from '../fixture/machine.ts';

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
