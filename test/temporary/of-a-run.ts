import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filePrefix, removeEmptied } from './folders.ts';

const prefix = 'lea-tests-';

/** Gives a run of the tests a temporary folder of its own, and removes those of runs that were killed. */
export default function setUp(): () => void {
  const outer = tmpdir();
  for (const name of readdirSync(outer)) {
    if (/^lea-tests-\d+$/.test(name) && !isRunning(Number(name.slice(prefix.length))))
      rmSync(join(outer, name), { recursive: true, force: true });
  }
  const own = join(outer, `${prefix}${process.pid}`);
  mkdirSync(own, { recursive: true });
  process.env.TMPDIR = own;
  return () => {
    process.env.TMPDIR = outer;
    // Of files that could not be loaded, or whose tests were all left out, no hook has run.
    for (const name of readdirSync(own)) {
      if (name.startsWith(filePrefix)) rmSync(join(own, name), { recursive: true, force: true });
    }
    removeEmptied(own);
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one, too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
