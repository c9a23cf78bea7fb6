import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LocalError } from './errors.ts';
import { lockFolder } from './folder-lock.ts';
import { DiskObjects } from './object-store/objects.ts';

/** The objects of a cloud that is not running. */
export interface StoredObjects {
  readonly disk: DiskObjects;
  /** Names of its buckets, sorted. */
  readonly buckets: readonly string[];
  stop(): void;
}

/**
 * Opens what a cloud has kept in its folder, and nothing else of it: no server, no template, no function, no process.
 *
 * @throws LocalError `NothingStored` where no cloud has been, FolderInUse while one is running
 */
export function openStoredObjects(folder: string): StoredObjects {
  const dir = resolve(folder);
  if (!existsSync(join(dir, 's3', 'objects.jsonl'))) {
    throw new LocalError(
      'NothingStored',
      `${dir} holds no objects: no cloud has been started there.`,
    );
  }
  const unlock = lockFolder(dir);
  try {
    const disk = new DiskObjects(join(dir, 's3'));
    const stop = () => {
      disk.close();
      unlock();
    };
    return { disk, buckets: disk.listBuckets().map(({ name }) => name), stop };
  } catch (error) {
    unlock();
    throw error;
  }
}
