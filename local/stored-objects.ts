import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FolderInUse, LocalError } from './errors.ts';
import { lockFolder } from './folder-lock.ts';
import { DiskObjects } from './object-store/objects.ts';

/** The objects of a cloud that is not running. */
export interface StoredObjects {
  readonly disk: DiskObjects;
  /** Names of its buckets, sorted. */
  readonly buckets: readonly string[];
  /** Whether another process works there, so that nothing can be written. */
  readonly isInUse: boolean;
  stop(): void;
}

/**
 * Opens what a cloud has kept in its folder, and nothing else of it: no server, no template, no function, no process.
 *
 * @param looksOnly whether it is enough to look at it, which can be done while a cloud is running
 * @throws LocalError `NothingStored` where no cloud has been, FolderInUse while one is running
 */
export function openStoredObjects(folder: string, looksOnly = false): StoredObjects {
  const dir = resolve(folder);
  if (!existsSync(join(dir, 's3', 'objects.jsonl'))) {
    throw new LocalError(
      'NothingStored',
      `${dir} holds no objects: no cloud has been started there.`,
    );
  }
  const unlock = looksOnly ? lockIfFree(dir) : lockFolder(dir);
  try {
    const isInUse = unlock === undefined;
    const disk = new DiskObjects(join(dir, 's3'), isInUse);
    const stop = () => {
      disk.close();
      unlock?.();
    };
    return { disk, buckets: disk.listBuckets().map(({ name }) => name), isInUse, stop };
  } catch (error) {
    unlock?.();
    throw error;
  }
}

function lockIfFree(dir: string): (() => void) | undefined {
  try {
    return lockFolder(dir);
  } catch (error) {
    if (error instanceof FolderInUse) return undefined;
    throw error;
  }
}
