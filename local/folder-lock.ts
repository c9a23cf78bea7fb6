import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { FolderInUse, LocalError } from './errors.ts';

/** SQLite's result code for a lock that another holds. */
const busy = 5;

/** A lock ends with its database, and a database that nobody refers to is closed when memory is collected. */
const held = new Set<DatabaseSync>();

/**
 * Takes a folder for this process. The lock is the operating system's, on a file that SQLite opens, because Node.js
 * itself has none: of several processes exactly one gets it, and however that one ends, it is free again.
 *
 * @returns what gives it back
 * @throws FolderInUse when another living process has it, LocalError when the folder cannot be written
 */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const holder = join(dir, 'process.pid');
  let opened: DatabaseSync | undefined;
  try {
    opened = new DatabaseSync(join(dir, 'lock'), { timeout: 0 });
    opened.exec('BEGIN EXCLUSIVE');
    writeFileSync(holder, String(process.pid));
  } catch (error) {
    opened?.close();
    const { errcode, message } = error as Error & { errcode?: number };
    if (errcode !== busy) {
      throw new LocalError('FolderUnusable', `${dir} cannot be locked: ${message}.`, {
        cause: error,
      });
    }
    throw new FolderInUse(
      `${dir} is in use by ${nameOf(holder)}: wait until it has ended, or use another folder.`,
    );
  }
  const database = opened;
  held.add(database);
  return () => {
    rmSync(holder, { force: true });
    held.delete(database);
    database.close();
  };
}

/** For the message only; the file says nothing while the lock is being taken. */
function nameOf(holder: string): string {
  try {
    return `process ${Number(readFileSync(holder, 'utf8')) || 'unknown'}`;
  } catch {
    return 'another process';
  }
}
