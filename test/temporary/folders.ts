import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the temporary folder of a file of tests begins with. */
export const filePrefix = 'file-';

const made: string[] = [];

/** A new folder for tests, removed after the last test of the file, however that ended. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  made.push(folder);
  return folder;
}

/** Removes the folders that tests asked for. */
export function removeTemporaryFolders(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/**
 * Removes a temporary folder that has to be empty.
 *
 * @throws Error with what was in it: somebody made that and did not remove it
 */
export function removeEmptied(folder: string): void {
  const left = readdirSync(folder);
  rmSync(folder, { recursive: true, force: true });
  if (left.length === 0) return;
  throw new Error(
    `Left behind in the temporary folder: ${left.join(', ')}. Tests take test/temporary/folders.ts; the product removes its own.`,
  );
}
