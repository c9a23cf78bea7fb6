import { PassThrough, pipeline, Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type * as z from 'zod';
import { explain } from '#lib/contracts/config.ts';
import { ConflictError, ContractError, MissingArtefactError } from '#lib/contracts/errors.ts';
import { COPY_PART_BYTES, copyObject } from './copies.ts';
import { fromServiceError, statusOf } from './service-errors.ts';

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

export interface WriteOptions {
  /** By default what the key's ending says. */
  readonly contentType?: string;
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

/** Largest content sent in one request; more goes up in parts of this size. */
const PART_BYTES = 8 * 1024 * 1024;
/** S3 answers 409 to a conditional write that raced with another one; the winner is known a moment later. */
const RACE_ATTEMPTS = 6;
const RACE_DELAY_MILLISECONDS = 50;

const contentTypes: Readonly<Record<string, string>> = {
  json: 'application/json',
  jsonl: 'application/x-ndjson',
  gz: 'application/gzip',
  arrow: 'application/vnd.apache.arrow.stream',
  html: 'text/html; charset=utf-8',
  svg: 'image/svg+xml',
};

const contentTypeOf = (key: string): string =>
  contentTypes[key.slice(key.lastIndexOf('.') + 1)] ?? 'application/octet-stream';

/** JSON as we write it: stable for equal values built in the same order, readable, newline at the end. */
export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

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
      throw fromServiceError(await explained(error, key), `reading ${at(key)}`);
    }
  }

  /**
   * Whoever may not list the whole bucket hears 403 of an object that is not there, as of one that he may not read. What
   * may be read may be listed by its name, which tells the two apart.
   */
  async function explained(error: unknown, key: string): Promise<unknown> {
    if (statusOf(error) !== 403) return error;
    const input = { Bucket: bucket, Prefix: key, MaxKeys: 1 };
    const found = await client.send(new ListObjectsV2Command(input)).catch(() => undefined);
    // A name comes before all others that begin with it.
    if (found === undefined || found.Contents?.[0]?.Key === key) return error;
    return Object.assign(new Error('There is no such object.', { cause: error }), {
      name: 'NoSuchKey',
      $metadata: { httpStatusCode: 404 },
    });
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

  async function put(input: PutObjectCommandInput, signal?: AbortSignal): Promise<string> {
    const length = input.Body instanceof Readable ? Number.POSITIVE_INFINITY : sizeOf(input.Body);
    if (length <= PART_BYTES) {
      const answer = await client.send(new PutObjectCommand(input), {
        ...(signal && { abortSignal: signal }),
      });
      return answer.ETag ?? '';
    }
    const upload = new Upload({ client, params: input, partSize: PART_BYTES, queueSize: 2 });
    const abort = () => void upload.abort();
    signal?.addEventListener('abort', abort);
    try {
      return (await upload.done()).ETag ?? '';
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** A conditional write: undefined when the condition does not hold. */
  async function putConditionally(
    input: PutObjectCommandInput & { Key: string },
    signal?: AbortSignal,
  ): Promise<string | undefined> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await put(input, signal);
      } catch (thrown) {
        const error = input.IfMatch === undefined ? thrown : await explained(thrown, input.Key);
        const status = statusOf(error);
        if (status === 412 || (status === 404 && input.IfMatch !== undefined)) return undefined;
        // A stream cannot be sent again.
        if (status !== 409 || attempt === RACE_ATTEMPTS || input.Body instanceof Readable) {
          throw fromServiceError(error, `writing ${at(input.Key)}`);
        }
        await sleep(RACE_DELAY_MILLISECONDS * 2 ** (attempt - 1) * (0.5 + Math.random()));
      }
    }
  }

  const inputFor = (
    key: string,
    body: Uint8Array | string | Readable,
    options: WriteOptions = {},
  ) => ({
    Bucket: bucket,
    Key: key,
    Body: typeof body === 'string' ? Buffer.from(body) : body,
    ContentType: options.contentType ?? contentTypeOf(key),
  });

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
      const error = await explained(thrown, key);
      if (statusOf(error) === 404) return undefined;
      throw fromServiceError(error, `looking at ${at(key)}`);
    }
  }

  async function putIfMatch(key: string, body: Uint8Array | string | Readable, etag: string) {
    const written = await putConditionally({ ...inputFor(key, body), IfMatch: etag });
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
    async putBytes(key, body, options = {}) {
      try {
        await put(inputFor(key, body, options), options.signal);
      } catch (error) {
        throw fromServiceError(error, `writing ${at(key)}`);
      }
    },
    async putJson(key, value) {
      await this.putBytes(key, toJson(value));
    },
    async putStream(key, body, options = {}) {
      try {
        await put(inputFor(key, body, options), options.signal);
      } catch (error) {
        throw fromServiceError(error, `writing ${at(key)}`);
      }
    },
    async putStreamIfAbsent(key, body, options = {}) {
      const input = { ...inputFor(key, body, options), IfNoneMatch: '*' };
      return (await putConditionally(input, options.signal)) !== undefined;
    },
    async putIfAbsent(key, body, options = {}) {
      const input = { ...inputFor(key, body, options), IfNoneMatch: '*' };
      return (await putConditionally(input, options.signal)) !== undefined;
    },
    putIfMatch,
    putStreamIfMatch: putIfMatch,
    async copy(from, to) {
      try {
        await copyObject(client, { bucket, from, to }, copyPartBytes);
      } catch (error) {
        throw fromServiceError(await explained(error, from), `copying ${at(from)} to ${at(to)}`);
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

function sizeOf(body: PutObjectCommandInput['Body']): number {
  return body instanceof Uint8Array ? body.byteLength : Number.POSITIVE_INFINITY;
}

function parseJson<T>(bytes: Uint8Array, schema: z.ZodType<T>, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new ContractError(`${where} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new ContractError(`${where} does not follow its contract:\n${explain(result.error)}`);
  }
  return result.data;
}
