import { createHash, randomUUID } from 'node:crypto';
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DamagedStore } from '../errors.ts';
import type { ObjectStoreInterface, StoredObject } from './fauxqs.ts';
import { MultipartUploads } from './multipart.ts';
import { ObjectIndex, type ObjectRecord } from './object-index.ts';
import { S3Error } from './s3-error.ts';

/** Where an object is. */
interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

type PutArguments = Parameters<ObjectStoreInterface['putObject']>;
type MultipartArguments = Parameters<ObjectStoreInterface['createMultipartUpload']>;

/**
 * Buckets and objects on disk, with the methods that fauxqs' routes call: every body is a file of its own, and the index
 * says which key has which file. An object exists once the index has it, so a kill never leaves half an object. Every method is synchronous: no request sees another's half-done change.
 */
export class DiskObjects {
  readonly #index: ObjectIndex;
  readonly #bodies: string;
  readonly #uploads: MultipartUploads;
  readonly #looksOnly: boolean;

  /** @param looksOnly reads alone, also while another process writes */
  constructor(dir: string, looksOnly = false) {
    this.#looksOnly = looksOnly;
    this.#bodies = join(dir, 'bodies');
    this.#uploads = new MultipartUploads(join(dir, 'uploads'));
    this.#index = new ObjectIndex(join(dir, 'objects.jsonl'), looksOnly);
    if (looksOnly) return;
    mkdirSync(this.#bodies, { recursive: true });
    this.#uploads.clear();
    this.#removeUnusedBodies();
  }

  close(): void {
    this.#index.close();
  }

  // Buckets

  createBucket(name: string): void {
    this.#index.createBucket(name);
  }

  hasBucket(name: string): boolean {
    return this.#index.hasBucket(name);
  }

  listBuckets(): { name: string; creationDate: Date }[] {
    return this.#index.listBuckets();
  }

  deleteBucket(name: string): void {
    this.#index.deleteBucket(name);
  }

  // Objects

  putObject(...args: PutArguments): StoredObject {
    const [bucket, key, body, contentType, metadata, systemMetadata, checksum] = args;
    this.#index.expectBucket(bucket);
    const record = this.#save(bucket, (path) => writeFileSync(path, body), {
      key,
      contentType: contentType ?? 'application/octet-stream',
      contentLength: body.length,
      etag: `"${createHash('md5').update(body).digest('hex')}"`,
      lastModified: new Date(),
      metadata: metadata ?? {},
      ...systemMetadata,
      ...(checksum === undefined
        ? {}
        : {
            checksumAlgorithm: checksum.algorithm,
            checksumValue: checksum.value,
            checksumType: checksum.type,
            ...(checksum.partChecksums && { partChecksums: checksum.partChecksums }),
          }),
    });
    return { ...record, body };
  }

  headObject(bucket: string, key: string): StoredObject {
    return { ...this.#index.get(bucket, key), body: Buffer.alloc(0) };
  }

  getObject(bucket: string, key: string): StoredObject {
    const record = this.#index.get(bucket, key);
    return { ...record, body: readFileSync(join(this.#bodies, record.file)) };
  }

  /** The record of an object and its open file, which stays readable when the object is replaced meanwhile. */
  open(bucket: string, key: string): { record: ObjectRecord; descriptor: number } {
    const open = () => {
      const record = this.#index.get(bucket, key);
      return { record, descriptor: openSync(join(this.#bodies, record.file), 'r') };
    };
    try {
      return open();
    } catch (error) {
      if (!this.#looksOnly || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      // Whoever writes has replaced it meanwhile.
      this.#index.look();
      return open();
    }
  }

  /** A copy has the bytes, metadata and ETag of its source, but is no multipart object. */
  copyObject(source: ObjectPlace, target: ObjectPlace): ObjectRecord {
    const { file, parts: _, partChecksums, ...record } = this.#index.get(source.bucket, source.key);
    const { checksumAlgorithm, checksumValue, checksumType, ...plain } = record;
    const isOfParts = partChecksums !== undefined || checksumAlgorithm === undefined;
    this.#index.expectBucket(target.bucket);
    return this.#save(
      target.bucket,
      (path) => copyFileSync(join(this.#bodies, file), path, constants.COPYFILE_FICLONE),
      { ...(isOfParts ? plain : record), key: target.key, lastModified: new Date() },
    );
  }

  /** @param range of bytes, both ends included; the whole object unless given */
  copyPart(
    source: ObjectPlace,
    upload: string,
    part: number,
    range?: { readonly start: number; readonly end: number },
  ) {
    const { file, contentLength } = this.#index.get(source.bucket, source.key);
    const { start, end } = range ?? { start: 0, end: contentLength - 1 };
    if (start > end || end >= contentLength) {
      throw new S3Error('InvalidArgument', `The source has ${contentLength} bytes`, 400);
    }
    return this.#uploads.copyPart(upload, part, join(this.#bodies, file), start, end);
  }

  find(bucket: string, key: string): ObjectRecord | undefined {
    return this.#index.find(bucket, key);
  }

  deleteObject(bucket: string, key: string): void {
    const record = this.#index.find(bucket, key);
    if (record === undefined) return;
    this.#index.delete(bucket, key);
    rmSync(join(this.#bodies, record.file), { force: true });
  }

  deleteObjects(bucket: string, keys: string[]): string[] {
    for (const key of keys) this.deleteObject(bucket, key);
    return keys;
  }

  /** Records whose keys begin with `prefix` and come after `after`, in S3's order, lazily. */
  list(bucket: string, prefix: string, after: string): Generator<ObjectRecord> {
    return this.#index.list(bucket, prefix, after);
  }

  // Multipart uploads

  createMultipartUpload(...args: MultipartArguments): string {
    const [bucket, key, contentType, metadata, systemMetadata, algorithm] = args;
    this.#index.expectBucket(bucket);
    return this.#uploads.create({
      bucket,
      key,
      contentType: contentType ?? 'application/octet-stream',
      metadata: metadata ?? {},
      ...(systemMetadata === undefined ? {} : { systemMetadata }),
      ...(algorithm === undefined ? {} : { algorithm }),
    });
  }

  uploadPart(upload: string, part: number, body: Buffer, checksum?: string) {
    return this.#uploads.putPart(upload, part, body, checksum);
  }

  completeMultipartUpload(upload: string, parts: { partNumber: number; etag: string }[]) {
    const { bucket, join: joinParts, record } = this.#uploads.complete(upload, parts);
    const saved = this.#save(bucket, joinParts, record);
    this.#uploads.abort(upload);
    return { ...saved, body: Buffer.alloc(0) };
  }

  abortMultipartUpload(upload: string): void {
    this.#uploads.abort(upload);
  }

  // Bodies

  /** Writes a new body, then the line that makes it the object's. Where either fails nothing of it is left. */
  #save(
    bucket: string,
    writeBody: (path: string) => void,
    description: Omit<ObjectRecord, 'file'>,
  ): ObjectRecord {
    const replaced = this.#index.find(bucket, description.key);
    const record = { ...description, file: randomUUID() };
    const path = join(this.#bodies, record.file);
    try {
      writeBody(path);
      this.#index.put(bucket, record);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    if (replaced !== undefined) rmSync(join(this.#bodies, replaced.file), { force: true });
    return record;
  }

  /** Bodies that were written, or replaced, when the process was killed. */
  #removeUnusedBodies(): void {
    const used = new Set(Array.from(this.#index.all(), ({ file }) => file));
    for (const file of readdirSync(this.#bodies)) {
      if (!used.has(file)) rmSync(join(this.#bodies, file));
    }
    for (const { key, file } of this.#index.all()) {
      if (existsSync(join(this.#bodies, file))) continue;
      throw new DamagedStore(
        `${join(this.#bodies, file)}, the bytes of ${key}, is not there; restore the folder from a copy, or remove it.`,
      );
    }
  }
}
