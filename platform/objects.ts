import { PassThrough, pipeline, type Readable } from 'node:stream';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import type * as z from 'zod';
import { ConflictError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { COPY_PART_BYTES, copyObject } from './copies.ts';
import { parseJson, toJson } from './json.ts';
import { explained } from './refusals.ts';
import { fromServiceError, statusOf } from './service-errors.ts';
import { createWriter, type WriteOptions } from './writes.ts';

/** What S3 knows of an object without its content. */
export interface ObjectSummary {
  readonly key: string;
  readonly bytes: number;
  /** With the quotes, as S3 gives it and takes it back. */
  readonly etag: string;
  readonly lastModified: Date;
}

export interface ReadOptions {
  /** First byte and the byte after the last one. */
  readonly range?: { readonly start: number; readonly end: number };
  /** Read this version only: ConflictError when the object has been replaced. */
  readonly etag?: string;
  readonly signal?: AbortSignal;
}

/** One bucket's objects, with the errors of the PipelineError family. All keys come from `lib/contracts/keys.ts`. */
export interface Objects {
  readonly bucket: string;
  /** @returns undefined when there is no such object */
  head(key: string): Promise<ObjectSummary | undefined>;
  /** @throws MissingArtefactError when there is no such object */
  getBytes(key: string, options?: ReadOptions): Promise<Uint8Array>;
  /**
   * The content as it comes. What breaks later on (a lost connection, an abort) breaks the stream with an error of
   * the same family.
   *
   * @throws MissingArtefactError when there is no such object
   */
  getStream(key: string, options?: ReadOptions): Promise<Readable>;
  /** @throws MissingArtefactError, or ContractError when the content does not follow the schema */
  getJson<T>(key: string, schema: z.ZodType<T>): Promise<T>;
  /** As `getJson`, with the ETag that `putIfMatch` wants; undefined when there is no such object. */
  getVersion<T>(key: string, schema: z.ZodType<T>): Promise<{ value: T; etag: string } | undefined>;
  /** All objects below a prefix, in key order, however many. */
  list(prefix: string): AsyncGenerator<ObjectSummary>;
  /** The folders directly below a prefix that ends in a slash, with their final slashes, in key order. */
  folders(prefix: string): AsyncGenerator<string>;
  /** Writes over whatever was there. Large contents go up in parts. */
  putBytes(key: string, body: Uint8Array | string, options?: WriteOptions): Promise<void>;
  /** `putBytes` of JSON with a final newline. */
  putJson(key: string, value: unknown): Promise<void>;
  /** Writes a stream of unknown length with bounded memory. */
  putStream(key: string, body: Readable, options?: WriteOptions): Promise<void>;
  /**
   * `putStream` unless the object is there already; the stream is read to its end either way.
   * @returns true when this call wrote it
   */
  putStreamIfAbsent(key: string, body: Readable, options?: WriteOptions): Promise<boolean>;
  /** Writes unless the object is there already. @returns true when this call wrote it */
  putIfAbsent(key: string, body: Uint8Array | string, options?: WriteOptions): Promise<boolean>;
  /**
   * Compare-and-swap: writes only over the version that was read.
   * @returns the new ETag
   * @throws ConflictError when somebody else wrote or deleted it meanwhile
   */
  putIfMatch(key: string, body: Uint8Array | string, etag: string): Promise<string>;
  /** `putIfMatch` of a stream of unknown length. */
  putStreamIfMatch(key: string, body: Readable, etag: string): Promise<string>;
  /** Copies inside the bucket, objects of any size. @throws MissingArtefactError when there is no such object */
  copy(from: string, to: string): Promise<void>;
  /** Deletes; a key without an object is fine. */
  remove(keys: readonly string[]): Promise<void>;
}

/**
 * Binds the object operations to one bucket.
 *
 * @param options.copyPartBytes what is larger is copied in parts of this size, 5 MiB or more
 */
export function createObjects(
  client: S3Client,
  bucket: string,
  { copyPartBytes = COPY_PART_BYTES }: { readonly copyPartBytes?: number } = {},
): Objects {
  const at = (key: string) => `s3://${bucket}/${key}`;
  const { write, writeIf } = createWriter(client, bucket);

  async function get(key: string, options: ReadOptions) {
    const { range, etag, signal } = options;
    try {
      const answer = await client.send(
        new GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(range && { Range: `bytes=${range.start}-${range.end - 1}` }),
          ...(etag !== undefined && { IfMatch: etag }),
        }),
        { ...(signal && { abortSignal: signal }) },
      );
      return { body: answer.Body as Readable, etag: answer.ETag ?? '' };
    } catch (error) {
      throw fromServiceError(await explained(client, { bucket, key }, error), `reading ${at(key)}`);
    }
  }

  /** A stream's later errors in our family: whoever reads it learns whether to try again. */
  function translated(body: Readable, key: string): Readable {
    const translating = new PassThrough({
      destroy(error, done) {
        done(error && fromServiceError(error, `reading ${at(key)}`));
      },
    });
    // Errors arrive at the reader, and a reader that stops closes the connection.
    return pipeline(body, translating, () => {});
  }

  async function collect(body: Readable, key: string): Promise<Uint8Array> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of body) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    } catch (error) {
      throw fromServiceError(error, `reading ${at(key)}`);
    }
  }

  async function head(key: string): Promise<ObjectSummary | undefined> {
    try {
      const answer = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
      return {
        key,
        bytes: answer.ContentLength ?? 0,
        etag: answer.ETag ?? '',
        lastModified: answer.LastModified ?? new Date(0),
      };
    } catch (thrown) {
      const error = await explained(client, { bucket, key }, thrown);
      if (statusOf(error) === 404) return undefined;
      throw fromServiceError(error, `looking at ${at(key)}`);
    }
  }

  async function writeIfAbsent(
    key: string,
    body: Uint8Array | string | Readable,
    options?: WriteOptions,
  ) {
    return (await writeIf({ IfNoneMatch: '*' }, key, body, options)) !== undefined;
  }

  async function putIfMatch(key: string, body: Uint8Array | string | Readable, etag: string) {
    const written = await writeIf({ IfMatch: etag }, key, body);
    if (written === undefined) {
      throw new ConflictError(
        `${at(key)} is no longer the version that was read (${etag}): somebody else wrote it meanwhile. Read it again and decide again.`,
      );
    }
    return written;
  }

  async function getVersion<T>(key: string, schema: z.ZodType<T>) {
    let answer: Awaited<ReturnType<typeof get>>;
    try {
      answer = await get(key, {});
    } catch (error) {
      if (error instanceof MissingArtefactError) return undefined;
      throw error;
    }
    const bytes = await collect(answer.body, key);
    return { value: parseJson(bytes, schema, at(key)), etag: answer.etag };
  }

  return {
    bucket,
    head,
    getVersion,
    getBytes: async (key, options = {}) => collect((await get(key, options)).body, key),
    getStream: async (key, options = {}) => translated((await get(key, options)).body, key),
    async getJson(key, schema) {
      return parseJson(await collect((await get(key, {})).body, key), schema, at(key));
    },
    async *list(prefix) {
      try {
        for await (const page of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix },
        )) {
          for (const object of page.Contents ?? []) {
            yield {
              key: object.Key ?? '',
              bytes: object.Size ?? 0,
              etag: object.ETag ?? '',
              lastModified: object.LastModified ?? new Date(0),
            };
          }
        }
      } catch (error) {
        throw fromServiceError(error, `listing ${at(prefix)}`);
      }
    },
    async *folders(prefix) {
      try {
        for await (const page of paginateListObjectsV2(
          { client },
          { Bucket: bucket, Prefix: prefix, Delimiter: '/' },
        )) {
          for (const { Prefix } of page.CommonPrefixes ?? []) yield Prefix ?? '';
        }
      } catch (error) {
        throw fromServiceError(error, `listing ${at(prefix)}`);
      }
    },
    putBytes: write,
    putStream: write,
    putJson: (key, value) => write(key, toJson(value)),
    putIfAbsent: writeIfAbsent,
    putStreamIfAbsent: writeIfAbsent,
    putIfMatch,
    putStreamIfMatch: putIfMatch,
    async copy(from, to) {
      try {
        await copyObject(client, { bucket, from, to }, copyPartBytes);
      } catch (error) {
        throw fromServiceError(
          await explained(client, { bucket, key: from }, error),
          `copying ${at(from)} to ${at(to)}`,
        );
      }
    },
    async remove(keys) {
      for (let start = 0; start < keys.length; start += 1000) {
        const some = keys.slice(start, start + 1000);
        const doing = `deleting ${at(some[0] ?? '')} and ${some.length - 1} more`;
        try {
          const answer = await client.send(
            new DeleteObjectsCommand({
              Bucket: bucket,
              Delete: { Objects: some.map((Key) => ({ Key })), Quiet: true },
            }),
          );
          const failed = answer.Errors?.[0];
          if (failed) throw Object.assign(new Error(failed.Message), { name: failed.Code });
        } catch (error) {
          throw fromServiceError(error, doing);
        }
      }
    },
  };
}
