import type { Readable } from 'node:stream';
import type { ReadableObjects, VersionedObjects } from '#lib/contracts/objects.ts';

/** An object's key and version. */
export interface Stored {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
  readonly lastModified: Date;
}

/** What forgetting needs of a bucket; `platform/objects.ts` is the adapter over S3. */
export interface DeletionObjects
  extends Pick<ReadableObjects, 'getJson'>,
    Pick<VersionedObjects, 'getVersion' | 'putIfAbsent' | 'remove'> {
  readonly bucket: string;
  list(prefix: string): AsyncIterable<Stored>;
  head(key: string): Promise<Stored | undefined>;
  getBytes(
    key: string,
    options?: {
      readonly etag?: string;
      readonly range?: { readonly start: number; readonly end: number };
    },
  ): Promise<Uint8Array>;
  getStream(key: string, options?: { readonly etag?: string }): Promise<Readable>;
  putBytes(key: string, body: Uint8Array | string): Promise<void>;
  putJson(key: string, value: unknown): Promise<void>;
  /** @returns the new version @throws ConflictError when the object is another version by now */
  putIfMatch(key: string, body: Uint8Array | string, etag: string): Promise<string>;
  putStreamIfMatch(key: string, body: Readable, etag: string): Promise<string>;
}
