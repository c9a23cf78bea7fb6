import { closeSync, createReadStream, readFileSync, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { ConflictError, MissingArtefactError } from '#lib/contracts/errors.ts';
import type { DiskObjects } from '#local/object-store/objects.ts';
import { asS3Error, S3Error } from '#local/object-store/s3-error.ts';
import { contentTypeOf } from '#platform/content-types.ts';
import { parseJson, toJson } from '#platform/json.ts';
import type { ObjectSummary, Objects, ReadOptions } from '#platform/objects.ts';
import { fromServiceError } from '#platform/service-errors.ts';
import type { WriteOptions } from '#platform/writes.ts';

/** Larger streams are kept in parts until they have ended. */
const partBytes = 8 * 1024 * 1024;

type Body = Uint8Array | string | Readable;
/** Whether an object may be written, by what is there: its ETag, or undefined. */
type Condition = (there: string | undefined) => boolean;

/** A bucket that is on this machine's disk, as `createObjects` shows one behind S3, without server or client. */
export function storedObjects(disk: DiskObjects, bucket: string): Objects {
  const at = (key: string) => `s3://${bucket}/${key}`;

  /** Runs a step with the store, whose errors become those of the PipelineError family. */
  function told<Result>(doing: string, step: () => Result): Result {
    try {
      return step();
    } catch (error) {
      throw fromServiceError(asAnswered(error as Error), doing);
    }
  }

  function summaryOf(key: string): ObjectSummary | undefined {
    const record = told(`looking at ${at(key)}`, () => disk.find(bucket, key));
    if (record === undefined) return undefined;
    const { contentLength: bytes, etag, lastModified } = record;
    return { key, bytes, etag, lastModified };
  }

  /** An open file, and where to read in it, both ends included. */
  function open(key: string, { range, etag, signal }: ReadOptions) {
    return told(`reading ${at(key)}`, () => {
      signal?.throwIfAborted();
      const { record, descriptor } = disk.open(bucket, key);
      const last = record.contentLength - 1;
      const end = range === undefined ? last : Math.min(last, range.end - 1);
      const start = range?.start ?? 0;
      const isReplaced = etag !== undefined && etag !== record.etag;
      if (!isReplaced && (range === undefined || start <= last)) return { descriptor, start, end };
      closeSync(descriptor);
      throw isReplaced
        ? new S3Error('PreconditionFailed', 'The object is another version', 412)
        : new S3Error('InvalidRange', 'The requested range is not satisfiable', 416);
    });
  }

  function getBytes(key: string, options: ReadOptions = {}): Uint8Array {
    const { descriptor, start, end } = open(key, options);
    return told(`reading ${at(key)}`, () => {
      try {
        if (options.range === undefined) return readFileSync(descriptor);
        const bytes = Buffer.alloc(end + 1 - start);
        let read = 0;
        while (read < bytes.length) {
          const some = readSync(descriptor, bytes, read, bytes.length - read, start + read);
          if (some === 0) throw new Error('The file ends too early.');
          read += some;
        }
        return bytes;
      } finally {
        closeSync(descriptor);
      }
    });
  }

  /** @returns the new ETag; undefined when the condition does not hold */
  async function write(
    key: string,
    body: Body,
    { contentType = contentTypeOf(key), signal }: WriteOptions,
    condition: Condition = () => true,
  ): Promise<string | undefined> {
    const doing = `writing ${at(key)}`;
    const mayWrite = () => condition(disk.find(bucket, key)?.etag);
    if (!(body instanceof Readable)) {
      return told(doing, () => {
        signal?.throwIfAborted();
        if (!mayWrite()) return undefined;
        return disk.putObject(bucket, key, Buffer.from(body), contentType).etag;
      });
    }
    const upload = told(doing, () => disk.createMultipartUpload(bucket, key, contentType));
    try {
      const parts: { partNumber: number; etag: string }[] = [];
      const addPart = (part: Buffer) => {
        const partNumber = parts.length + 1;
        parts.push({ partNumber, etag: disk.uploadPart(upload, partNumber, part).etag });
      };
      for await (const part of inParts(body)) {
        signal?.throwIfAborted();
        told(doing, () => addPart(part));
      }
      // Nothing else happens between the look and the write.
      return told(doing, () =>
        mayWrite() ? disk.completeMultipartUpload(upload, parts).etag : abandon(upload),
      );
    } catch (error) {
      abandon(upload);
      throw fromServiceError(error, doing);
    }
  }

  function abandon(upload: string): undefined {
    try {
      disk.abortMultipartUpload(upload);
    } catch {
      // It was completed, or never begun.
    }
  }

  async function putIfAbsent(key: string, body: Body, options: WriteOptions = {}) {
    return (await write(key, body, options, (there) => there === undefined)) !== undefined;
  }

  async function putIfMatch(key: string, body: Body, etag: string): Promise<string> {
    const written = await write(key, body, {}, (there) => there === etag);
    if (written !== undefined) return written;
    throw new ConflictError(
      `${at(key)} is no longer the version that was read (${etag}): somebody else wrote it meanwhile. Read it again and decide again.`,
    );
  }

  const put = async (key: string, body: Body, options: WriteOptions = {}): Promise<void> => {
    await write(key, body, options);
  };

  return {
    bucket,
    head: async (key) => summaryOf(key),
    getBytes: async (key, options) => getBytes(key, options),
    async getStream(key, options = {}) {
      const { descriptor, start, end } = open(key, options);
      const file = createReadStream('', { fd: descriptor, start, end: Math.max(start, end) });
      return end < start ? emptied(file) : file;
    },
    getJson: async (key, schema) => parseJson(getBytes(key), schema, at(key)),
    async getVersion(key, schema) {
      const found = summaryOf(key);
      if (found === undefined) return undefined;
      return { value: parseJson(getBytes(key), schema, at(key)), etag: found.etag };
    },
    async *list(prefix) {
      for (const { key } of told(`listing ${at(prefix)}`, () => [
        ...disk.list(bucket, prefix, ''),
      ])) {
        const summary = summaryOf(key);
        if (summary !== undefined) yield summary;
      }
    },
    async *folders(prefix) {
      const keys = told(`listing ${at(prefix)}`, () => [...disk.list(bucket, prefix, '')]);
      const folders = keys.flatMap(({ key }) => {
        const slash = key.indexOf('/', prefix.length);
        return slash === -1 ? [] : [key.slice(0, slash + 1)];
      });
      yield* new Set(folders);
    },
    putBytes: put,
    putStream: put,
    putJson: (key, value) => put(key, toJson(value)),
    putIfAbsent,
    putStreamIfAbsent: putIfAbsent,
    putIfMatch,
    putStreamIfMatch: putIfMatch,
    async copy(from, to) {
      told(`copying ${at(from)} to ${at(to)}`, () =>
        disk.copyObject({ bucket, key: from }, { bucket, key: to }),
      );
    },
    async remove(keys) {
      told(`deleting ${at(keys[0] ?? '')} and ${keys.length - 1} more`, () =>
        disk.deleteObjects(bucket, [...keys]),
      );
    },
  };
}

/** An error as a client of S3 would have it. */
function asAnswered(error: Error): Error {
  if (error.name === 'AbortError' || error instanceof MissingArtefactError) return error;
  const { code, statusCode, message } = asS3Error(error) as InstanceType<typeof S3Error>;
  return Object.assign(new Error(message, { cause: error }), {
    name: code,
    $metadata: { httpStatusCode: statusCode },
  });
}

/** Closes the file of an object without bytes. */
function emptied(file: Readable): Readable {
  file.destroy();
  return Readable.from([]);
}

/** At least one part; all but the last of the same size. */
async function* inParts(body: Readable): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let size = 0;
  let isFirst = true;
  for await (const chunk of body) {
    chunks.push(Buffer.from(chunk));
    size += chunks.at(-1)!.length;
    while (size >= partBytes) {
      const all = Buffer.concat(chunks);
      yield all.subarray(0, partBytes);
      isFirst = false;
      chunks = [all.subarray(partBytes)];
      size -= partBytes;
    }
  }
  if (size > 0 || isFirst) yield Buffer.concat(chunks);
}
