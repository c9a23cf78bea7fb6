import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { FolderInUse } from '#local/errors.ts';
import { lockFolder } from '#local/folder-lock.ts';
import { temporaryFolder } from '../temporary/folders.ts';

const program = fileURLToPath(new URL('./fixture/locker.ts', import.meta.url));
let dir: string;

beforeAll(() => {
  dir = temporaryFolder('lock');
});

/** A process that takes the folder when it is told to. */
async function contestant() {
  const child = spawn(process.execPath, [program, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => (await lines.next()).value as string;
  await answer();
  return {
    ask(line: string): Promise<string> {
      child.stdin.write(`${line}\n`);
      return answer();
    },
    async kill(): Promise<void> {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** As a holder leaves it that was killed and whose number nobody has. */
function leaveBehind(): void {
  const { pid } = spawnSync('true');
  writeFileSync(join(dir, 'process.pid'), String(pid));
}

describe('Function: lockFolder', () => {
  it('lets exactly one in, whoever comes at the same moment', async () => {
    const contestants = await Promise.all([contestant(), contestant(), contestant()]);
    const wrong: string[][] = [];
    for (let round = 0; round < 100; round++) {
      leaveBehind();
      const moment = String(Date.now() + 15);
      const answers = await Promise.all(contestants.map(({ ask }) => ask(moment)));
      if (answers.toSorted().join() !== 'in,refused,refused') wrong.push(answers);
      await Promise.all(contestants.map(({ ask }) => ask('free')));
    }
    await Promise.all(contestants.map(({ kill }) => kill()));

    expect(wrong).toEqual([]);
  });

  it('is free again when its holder was killed', async () => {
    const holder = await contestant();
    expect(await holder.ask('0')).toBe('in');
    expect(() => lockFolder(dir)).toThrow(FolderInUse);

    await holder.kill();

    lockFolder(dir)();
  });

  it('says who has the folder, until it is given back', () => {
    const unlock = lockFolder(dir);

    expect(() => lockFolder(dir)).toThrow(`${dir} is in use by process ${process.pid}`);
    unlock();
    lockFolder(dir)();
  });

  it('says which folder cannot be locked', () => {
    const unusable = join(dir, 'unusable');
    mkdirSync(join(unusable, 'lock'), { recursive: true });

    expect(() => lockFolder(unusable)).toThrow(`${unusable} cannot be locked`);
  });

  it('does not mind another process that has the number of a dead holder', () => {
    writeFileSync(join(dir, 'process.pid'), String(process.ppid));

    lockFolder(dir)();
  });
});
