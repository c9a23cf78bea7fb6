import type * as z from 'zod';

/**
 * The port through which decisions reach the data bucket; `functions/shared/objects.ts` is the adapter over S3.
 * Failures are `PipelineError`s.
 */
export interface VersionedObjects {
  /** The content and the version that `putIfMatch` wants; undefined when there is no such object. */
  getVersion<T>(key: string, schema: z.ZodType<T>): Promise<{ value: T; etag: string } | undefined>;
  /** Writes unless the object is there already. @returns true when this call wrote it */
  putIfAbsent(key: string, body: string): Promise<boolean>;
  /** Compare-and-swap. @throws ConflictError when somebody else wrote or deleted it meanwhile */
  putIfMatch(key: string, body: string, etag: string): Promise<string>;
  /** Deletes; a key without an object is fine. */
  remove(keys: readonly string[]): Promise<void>;
}
