import type * as z from 'zod';

/**
 * The port through which decisions reach the data bucket; `platform/objects.ts` is the adapter over S3.
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

/** The port through which somebody asks whether an object is there. */
export interface LookedAtObjects {
  /** @returns undefined when there is no such object */
  head(key: string): Promise<{ readonly key: string; readonly bytes: number } | undefined>;
}

/** The port through which artefacts are read; `platform/objects.ts` is the adapter over S3. */
export interface ReadableObjects {
  /** @throws MissingArtefactError when there is no such object */
  getBytes(key: string): Promise<Uint8Array>;
  /** @throws MissingArtefactError when there is no such object, ContractError when it is not as the schema says */
  getJson<T>(key: string, schema: z.ZodType<T>): Promise<T>;
}

/** The port through which a part of an artefact is read. */
export interface RangedObjects {
  /**
   * @param options.range first byte and the byte after the last one
   * @throws MissingArtefactError when there is no such object
   */
  getBytes(
    key: string,
    options?: { readonly range?: { readonly start: number; readonly end: number } },
  ): Promise<Uint8Array>;
}

/** The port through which artefacts are written, over whatever was there. */
export interface WritableObjects {
  putBytes(key: string, body: Uint8Array): Promise<void>;
  putJson(key: string, value: unknown): Promise<void>;
}
