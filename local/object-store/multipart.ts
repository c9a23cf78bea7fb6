import { createHash, randomUUID } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { ObjectStoreInterface, StoredObject } from './fauxqs.ts';
import { S3Error } from './s3-error.ts';

type Algorithm = NonNullable<StoredObject['checksumAlgorithm']>;

/** What CreateMultipartUpload says of the object to come. */
interface Intent {
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Record<string, string>;
  readonly systemMetadata?: Parameters<ObjectStoreInterface['createMultipartUpload']>[4];
  readonly algorithm?: Algorithm;
}

interface Part {
  readonly etag: string;
  readonly size: number;
  readonly checksum?: string;
}

interface Upload extends Intent {
  readonly parts: Map<number, Part>;
}

const minimumPartBytes = 5 * 1024 * 1024;

/** Unfinished multipart uploads, parts as files. They end with the process; a client then starts over. */
export class MultipartUploads {
  readonly #uploads = new Map<string, Upload>();
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Removes what an earlier process has left. */
  clear(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  create(intent: Intent): string {
    const id = randomUUID();
    mkdirSync(join(this.#dir, id), { recursive: true });
    this.#uploads.set(id, { ...intent, parts: new Map() });
    return id;
  }

  find(id: string): Intent {
    const upload = this.#uploads.get(id);
    if (upload !== undefined) return upload;
    throw new S3Error('NoSuchUpload', 'The specified multipart upload does not exist.', 404);
  }

  putPart(id: string, number: number, body: Buffer, checksum?: string) {
    const { parts } = this.find(id) as Upload;
    writeFileSync(this.#path(id, number), body);
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    parts.set(number, { etag, size: body.length, ...(checksum === undefined ? {} : { checksum }) });
    return { etag, ...(checksum === undefined ? {} : { checksumValue: checksum }) };
  }

  /** A part that is a stretch of a file, `end` included; read piece by piece, because it may be larger than memory. */
  copyPart(id: string, number: number, source: string, start: number, end: number) {
    const { parts } = this.find(id) as Upload;
    const path = this.#path(id, number);
    const hash = createHash('md5');
    rmSync(path, { force: true });
    const descriptor = openSync(source, 'r');
    try {
      const piece = Buffer.alloc(2 ** 20);
      for (let at = start; at <= end; ) {
        const wanted = Math.min(piece.length, end + 1 - at);
        const bytes = piece.subarray(0, readSync(descriptor, piece, 0, wanted, at));
        if (bytes.length === 0) throw new Error(`${source} ends before byte ${end}.`);
        appendFileSync(path, bytes);
        hash.update(bytes);
        at += bytes.length;
      }
    } finally {
      closeSync(descriptor);
    }
    const etag = `"${hash.digest('hex')}"`;
    parts.set(number, { etag, size: end + 1 - start });
    return { etag };
  }

  /** The object that the parts make, and what writes its bytes to a file. The upload stays until `abort`. */
  complete(id: string, wanted: readonly { partNumber: number; etag: string }[]) {
    const upload = this.find(id) as Upload;
    const parts = checkParts(upload, wanted);
    return {
      bucket: upload.bucket,
      record: describe(upload, wanted, parts),
      join: (path: string) => {
        for (const { partNumber } of wanted) {
          appendFileSync(path, readFileSync(this.#path(id, partNumber)));
        }
      },
    };
  }

  abort(id: string): void {
    this.find(id);
    this.#uploads.delete(id);
    rmSync(join(this.#dir, id), { recursive: true, force: true });
  }

  #path(id: string, part: number): string {
    return join(this.#dir, id, String(part));
  }
}

/** @throws S3Error as CompleteMultipartUpload answers for a list of parts that does not fit the uploaded ones */
function checkParts(
  upload: Upload,
  wanted: readonly { partNumber: number; etag: string }[],
): Part[] {
  if (wanted.length === 0) throw new S3Error('MalformedXML', 'No part was listed.', 400);
  return wanted.map(({ partNumber, etag }, index) => {
    if (index > 0 && partNumber <= wanted[index - 1]!.partNumber) {
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.', 400);
    }
    const part = upload.parts.get(partNumber);
    if (part === undefined || part.etag.replaceAll('"', '') !== etag.replaceAll('"', '')) {
      throw new S3Error('InvalidPart', `Part ${partNumber} was not uploaded with this ETag.`, 400);
    }
    if (index < wanted.length - 1 && part.size < minimumPartBytes) {
      throw new S3Error('EntityTooSmall', `Part ${partNumber} is smaller than 5 MiB.`, 400);
    }
    return part;
  });
}

function describe(
  upload: Upload,
  wanted: readonly { partNumber: number }[],
  parts: readonly Part[],
): Omit<StoredObject, 'body'> {
  const digests = parts.map((part) => Buffer.from(part.etag.replaceAll('"', ''), 'hex'));
  const digest = createHash('md5').update(Buffer.concat(digests)).digest('hex');
  let offset = 0;
  const boundaries = parts.map((part, index) => {
    const boundary = { partNumber: wanted[index]!.partNumber, offset, length: part.size };
    offset += part.size;
    return boundary;
  });
  const checksums = parts.flatMap((part) => (part.checksum === undefined ? [] : [part.checksum]));
  return {
    key: upload.key,
    contentType: upload.contentType,
    contentLength: offset,
    etag: `"${digest}-${parts.length}"`,
    lastModified: new Date(),
    metadata: upload.metadata,
    ...upload.systemMetadata,
    parts: boundaries,
    ...(upload.algorithm !== undefined && checksums.length === parts.length
      ? {
          checksumAlgorithm: upload.algorithm,
          checksumValue: `${checksum(upload.algorithm, decode(checksums))}-${parts.length}`,
          checksumType: 'COMPOSITE' as const,
          partChecksums: checksums,
        }
      : {}),
  };
}

function decode(checksums: readonly string[]): Buffer {
  return Buffer.concat(checksums.map((value) => Buffer.from(value, 'base64')));
}

/** Base64 of a body's checksum, as in the `x-amz-checksum-*` headers. */
export function checksum(algorithm: Algorithm, body: Buffer): string {
  if (algorithm !== 'CRC32') {
    return createHash(algorithm.toLowerCase()).update(body).digest('base64');
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}
