import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FolderInUse, LocalError } from '#local/errors.ts';
import { lockFolder } from '#local/folder-lock.ts';

/** A night that is asked to stop saves what is being trained. */
const patienceMilliseconds = 60_000;
const lookAgainMilliseconds = 200;

/**
 * Asks whoever works in a folder to stop, as Ctrl-C does, and waits until the folder is free.
 *
 * @returns the process that worked there; undefined if nobody did
 * @throws LocalError when it does not end
 */
export async function stopIn(out: string): Promise<number | undefined> {
  const dir = join(out, 'cloud');
  if (!existsSync(dir) || isFree(dir)) return undefined;
  const holder = Number(readFileSync(join(dir, 'process.pid'), 'utf8'));
  process.kill(holder, 'SIGINT');
  for (const until = Date.now() + patienceMilliseconds; Date.now() < until; ) {
    if (isFree(dir)) return holder;
    await sleep(lookAgainMilliseconds);
  }
  throw new LocalError('NotStopped', `Process ${holder} works in ${out} and has not ended yet.`);
}

/** The lock is the operating system's: while it is held, `process.pid` names who holds it. */
function isFree(dir: string): boolean {
  try {
    lockFolder(dir)();
    return true;
  } catch (error) {
    if (error instanceof FolderInUse) return false;
    throw error;
  }
}
