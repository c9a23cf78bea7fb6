import type { VersionedObjects } from '#lib/contracts/objects.ts';
import type { DirectoryObjects } from '../directory.ts';

/** What answering needs of a bucket; `platform/objects.ts` is the adapter over S3. */
export type ServingObjects = Omit<DirectoryObjects, 'head'> &
  Pick<VersionedObjects, 'getVersion'> & {
    /** @returns undefined when there is no such object */
    head(
      key: string,
    ): Promise<{ readonly key: string; readonly bytes: number; readonly etag: string } | undefined>;
  };
