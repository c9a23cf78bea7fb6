import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { contentTypeOf } from './content-types.ts';
import { explained } from './refusals.ts';
import { fromServiceError, statusOf } from './service-errors.ts';

export interface WriteOptions {
  /** By default what the key's ending says. */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** Largest content sent in one request; more goes up in parts of this size. */
const PART_BYTES = 8 * 1024 * 1024;
/** S3 answers 409 to a conditional write that raced with another one; the winner is known a moment later. */
const RACE_ATTEMPTS = 6;
const RACE_DELAY_MILLISECONDS = 50;

/** What may be written: a stream only once, so that it is never tried again. */
type Content = Uint8Array | string | Readable;

/** When an object is written: always, unless it is there (`IfNoneMatch`), or over one version only (`IfMatch`). */
type Condition = Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'>;

/** Writes to one bucket: large contents in parts, conditions decided also when two writers race. */
export function createWriter(client: S3Client, bucket: string) {
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
        const error =
          input.IfMatch === undefined
            ? thrown
            : await explained(client, { bucket, key: input.Key }, thrown);
        const status = statusOf(error);
        if (status === 412 || (status === 404 && input.IfMatch !== undefined)) return undefined;
        // A stream cannot be sent again.
        if (status !== 409 || attempt === RACE_ATTEMPTS || input.Body instanceof Readable) {
          throw fromServiceError(error, `writing s3://${bucket}/${input.Key}`);
        }
        await sleep(RACE_DELAY_MILLISECONDS * 2 ** (attempt - 1) * (0.5 + Math.random()));
      }
    }
  }

  const inputFor = (key: string, body: Content, options: WriteOptions) => ({
    Bucket: bucket,
    Key: key,
    Body: typeof body === 'string' ? Buffer.from(body) : body,
    ContentType: options.contentType ?? contentTypeOf(key),
  });

  return {
    async write(key: string, body: Content, options: WriteOptions = {}): Promise<void> {
      try {
        await put(inputFor(key, body, options), options.signal);
      } catch (error) {
        throw fromServiceError(error, `writing s3://${bucket}/${key}`);
      }
    },
    /** @returns the new ETag; undefined when the condition does not hold */
    writeIf(
      condition: Condition,
      key: string,
      body: Content,
      options: WriteOptions = {},
    ): Promise<string | undefined> {
      return putConditionally({ ...inputFor(key, body, options), ...condition }, options.signal);
    },
  };
}

function sizeOf(body: PutObjectCommandInput['Body']): number {
  return body instanceof Uint8Array ? body.byteLength : Number.POSITIVE_INFINITY;
}
