import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { stopIn } from '#cli/one-machine/stop.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const program = fileURLToPath(new URL('../fixture/holder.ts', import.meta.url));

describe('Function: stopIn', () => {
  it('asks whoever works in a folder to stop, and comes back when the folder is free', async () => {
    // Arrange
    const out = temporaryFolder('stop');
    const holder = spawn(process.execPath, [program, out], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const ended = once(holder, 'exit');
    // Act
    const stopped = await stopIn(out);
    // Assess
    expect(stopped).toBe(holder.pid);
    expect((await ended)[0]).toBe(130);
    expect(await stopIn(out)).toBeUndefined();
  });

  it('finds nobody in a folder without a cloud, and in one that nobody uses', async () => {
    const out = temporaryFolder('stop');
    expect(await stopIn(out)).toBeUndefined();

    mkdirSync(join(out, 'cloud'));

    expect(await stopIn(out)).toBeUndefined();
  });
});
