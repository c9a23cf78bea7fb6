import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FolderInUse, LocalError } from './errors.ts';
import { lockFolder } from './folder-lock.ts';
import { DiskObjects } from './object-store/objects.ts';

export type Access = 'writes' | 'looks' | 'watches';

/** The objects of a cloud that is not running. */
export interface StoredObjects {
  readonly disk: DiskObjects;
  /** Names of its buckets, sorted. */
  readonly buckets: readonly string[];
  /** Whether the folder is another process's, so that nothing can be written. */
  readonly isInUse: boolean;
  stop(): void;
}

/**
 * Opens what a cloud has kept in its folder, and nothing else of it: no server, no template, no function, no process.
 *
 * @param access what is to be done: whoever `writes` has the folder alone; who `looks` takes it if it is free, and can do so
 *   while a cloud is running; who `watches` leaves it to others, and sees what they write
 * @throws LocalError `NothingStored` where no cloud has been, FolderInUse while one is running
 */
export function openStoredObjects(folder: string, access: Access = 'writes'): StoredObjects {
  const dir = resolve(folder);
  if (!existsSync(join(dir, 's3', 'objects.jsonl'))) {
    throw new LocalError(
      'NothingStored',
      `${dir} holds no objects: no cloud has been started there.`,
    );
  }
  const unlock = take[access](dir);
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

const take: Readonly<Record<Access, (dir: string) => (() => void) | undefined>> = {
  writes: lockFolder,
  looks: lockIfFree,
  watches: () => undefined,
};

function lockIfFree(dir: string): (() => void) | undefined {
  try {
    return lockFolder(dir);
  } catch (error) {
    if (error instanceof FolderInUse) return undefined;
    throw error;
  }
}
