import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { LocalError } from './errors.ts';
import { lockFolder } from './folder-lock.ts';
import { startObjectStore } from './object-store/server.ts';
import { endAll } from './settle.ts';

/** The objects of a cloud that is not running. */
export interface StoredObjects {
  readonly s3: S3Client;
  /** Names of its buckets, sorted. */
  readonly buckets: readonly string[];
  stop(): Promise<void>;
}

/**
 * Opens what a cloud has kept in its folder, and nothing else of it: no template, no function, no process.
 *
 * @throws LocalError `NothingStored` where no cloud has been, FolderInUse while one is running
 */
export async function openStoredObjects(folder: string): Promise<StoredObjects> {
  const dir = resolve(folder);
  if (!existsSync(join(dir, 's3', 'objects.jsonl'))) {
    throw new LocalError(
      'NothingStored',
      `${dir} holds no objects: no cloud has been started there.`,
    );
  }
  const started: (() => Promise<void> | void)[] = [lockFolder(dir)];
  try {
    const store = await startObjectStore({ dir });
    started.push(() => store.stop());
    const { endpoint, region, credentials } = store;
    const s3 = new S3Client({ endpoint, region, credentials });
    started.push(() => s3.destroy());
    return { s3, buckets: store.buckets(), stop: () => endAll(started) };
  } catch (error) {
    await endAll(started).catch(() => undefined);
    throw error;
  }
}
