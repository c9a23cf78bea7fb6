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
import { type ObjectStoreInterface, S3Error, type StoredObject } from './fauxqs.ts';
import { Journal } from './journal.ts';
import { MultipartUploads } from './multipart.ts';
import { compareUtf8, SortedKeys } from './sorted-keys.ts';

/** What S3 keeps of an object besides its bytes; `file` is the name of the file that has them. */
export type ObjectRecord = Omit<StoredObject, 'body'> & { readonly file: string };

type Entry =
  | { readonly op: 'bucket'; readonly bucket: string; readonly created: string }
  | { readonly op: 'removeBucket'; readonly bucket: string }
  | { readonly op: 'put'; readonly bucket: string; readonly record: ObjectRecord }
  | { readonly op: 'delete'; readonly bucket: string; readonly key: string };

/** Where an object is. */
interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

interface Bucket {
  readonly created: Date;
  readonly records: Map<string, ObjectRecord>;
  readonly keys: SortedKeys;
}

type PutArguments = Parameters<ObjectStoreInterface['putObject']>;
type MultipartArguments = Parameters<ObjectStoreInterface['createMultipartUpload']>;

/**
 * Buckets and objects on disk, with the methods that fauxqs' routes call: every body is a file of its own, and a
 * journal says which key has which file. An object exists once its journal line does, so a kill never leaves half
 * an object. Every method is synchronous: no request sees another's half-done change.
 */
export class DiskObjects {
  readonly #buckets = new Map<string, Bucket>();
  readonly #journal: Journal<Entry>;
  readonly #bodies: string;
  readonly #uploads: MultipartUploads;

  constructor(dir: string) {
    this.#bodies = join(dir, 'bodies');
    mkdirSync(this.#bodies, { recursive: true });
    this.#uploads = new MultipartUploads(join(dir, 'uploads'));
    this.#journal = new Journal(join(dir, 'objects.jsonl'), (entry) => this.#apply(entry));
    this.#journal.compact(this.#entries());
    this.#removeUnusedBodies();
  }

  close(): void {
    this.#journal.close();
  }

  // Buckets

  createBucket(name: string): void {
    if (this.#buckets.has(name)) return;
    if (!/^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?![.-])){1,61}[a-z0-9]$/.test(name)) {
      throw new S3Error('InvalidBucketName', `The specified bucket is not valid: ${name}`, 400);
    }
    this.#commit({ op: 'bucket', bucket: name, created: new Date().toISOString() });
  }

  hasBucket(name: string): boolean {
    return this.#buckets.has(name);
  }

  listBuckets(): { name: string; creationDate: Date }[] {
    return [...this.#buckets]
      .map(([name, bucket]) => ({ name, creationDate: bucket.created }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  deleteBucket(name: string): void {
    if (this.#bucket(name).records.size > 0) {
      throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    }
    this.#commit({ op: 'removeBucket', bucket: name });
  }

  // Objects

  putObject(...args: PutArguments): StoredObject {
    const [bucket, key, body, contentType, metadata, systemMetadata, checksum] = args;
    this.#bucket(bucket);
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
    return { ...this.#record(bucket, key), body: Buffer.alloc(0) };
  }

  getObject(bucket: string, key: string): StoredObject {
    const record = this.#record(bucket, key);
    return { ...record, body: readFileSync(join(this.#bodies, record.file)) };
  }

  /** The record of an object and its open file, which stays readable when the object is replaced meanwhile. */
  open(bucket: string, key: string): { record: ObjectRecord; descriptor: number } {
    const record = this.#record(bucket, key);
    return { record, descriptor: openSync(join(this.#bodies, record.file), 'r') };
  }

  /** A copy has the bytes, metadata and ETag of its source, but is no multipart object. */
  copyObject(source: ObjectPlace, target: ObjectPlace): ObjectRecord {
    const { file, parts: _, partChecksums, ...record } = this.#record(source.bucket, source.key);
    const { checksumAlgorithm, checksumValue, checksumType, ...plain } = record;
    const isOfParts = partChecksums !== undefined || checksumAlgorithm === undefined;
    this.#bucket(target.bucket);
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
    const { file, contentLength } = this.#record(source.bucket, source.key);
    const { start, end } = range ?? { start: 0, end: contentLength - 1 };
    if (start > end || end >= contentLength) {
      throw new S3Error('InvalidArgument', `The source has ${contentLength} bytes`, 400);
    }
    return this.#uploads.copyPart(upload, part, join(this.#bodies, file), start, end);
  }

  find(bucket: string, key: string): ObjectRecord | undefined {
    return this.#bucket(bucket).records.get(key);
  }

  deleteObject(bucket: string, key: string): void {
    const record = this.#bucket(bucket).records.get(key);
    if (record === undefined) return;
    this.#commit({ op: 'delete', bucket, key });
    rmSync(join(this.#bodies, record.file), { force: true });
  }

  deleteObjects(bucket: string, keys: string[]): string[] {
    for (const key of keys) this.deleteObject(bucket, key);
    return keys;
  }

  /** Records whose keys begin with `prefix` and come after `after`, in S3's order, lazily. */
  *list(bucket: string, prefix: string, after: string): Generator<ObjectRecord> {
    const { keys, records } = this.#bucket(bucket);
    const start = compareUtf8(after, prefix) > 0 ? after : prefix;
    for (let i = keys.firstAtLeast(start); i < keys.size; i++) {
      const key = keys.at(i)!;
      if (!key.startsWith(prefix)) return;
      if (key !== after) yield records.get(key)!;
    }
  }

  // Multipart uploads

  createMultipartUpload(...args: MultipartArguments): string {
    const [bucket, key, contentType, metadata, systemMetadata, algorithm] = args;
    this.#bucket(bucket);
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

  // The journal

  #bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket !== undefined) return bucket;
    throw new S3Error('NoSuchBucket', `The specified bucket does not exist: ${name}`, 404);
  }

  #record(bucket: string, key: string): ObjectRecord {
    const record = this.#bucket(bucket).records.get(key);
    if (record !== undefined) return record;
    throw new S3Error('NoSuchKey', `The specified key does not exist: ${key}`, 404);
  }

  /** Writes a new body, then the line that makes it the object's. Where either fails nothing of it is left. */
  #save(
    bucket: string,
    writeBody: (path: string) => void,
    description: Omit<ObjectRecord, 'file'>,
  ): ObjectRecord {
    const replaced = this.#bucket(bucket).records.get(description.key);
    const record = { ...description, file: randomUUID() };
    const path = join(this.#bodies, record.file);
    try {
      writeBody(path);
      this.#commit({ op: 'put', bucket, record });
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
    if (replaced !== undefined) rmSync(join(this.#bodies, replaced.file), { force: true });
    return record;
  }

  #commit(entry: Entry): void {
    this.#journal.append(entry);
    this.#apply(entry);
  }

  #apply(entry: Entry): void {
    if (entry.op === 'bucket') {
      this.#buckets.set(entry.bucket, {
        created: new Date(entry.created),
        records: new Map(),
        keys: new SortedKeys(),
      });
    } else if (entry.op === 'removeBucket') {
      this.#buckets.delete(entry.bucket);
    } else if (entry.op === 'put') {
      const record = { ...entry.record, lastModified: new Date(entry.record.lastModified) };
      const { keys, records } = this.#bucket(entry.bucket);
      if (!records.has(record.key)) keys.add(record.key);
      records.set(record.key, record);
    } else {
      const { keys, records } = this.#bucket(entry.bucket);
      records.delete(entry.key);
      keys.delete(entry.key);
    }
  }

  *#entries(): Generator<Entry> {
    for (const [bucket, { created, records }] of this.#buckets) {
      yield { op: 'bucket', bucket, created: created.toISOString() };
      for (const record of records.values()) yield { op: 'put', bucket, record };
    }
  }

  /** Bodies that were written, or replaced, when the process was killed. */
  #removeUnusedBodies(): void {
    const used = new Set(
      [...this.#buckets.values()].flatMap(({ records }) =>
        [...records.values()].map((record) => record.file),
      ),
    );
    for (const file of readdirSync(this.#bodies)) {
      if (!used.has(file)) rmSync(join(this.#bodies, file));
    }
    for (const { records } of this.#buckets.values()) {
      for (const { key, file } of records.values()) {
        if (existsSync(join(this.#bodies, file))) continue;
        throw new DamagedStore(
          `${join(this.#bodies, file)}, the bytes of ${key}, is not there; restore the folder from a copy, or remove it.`,
        );
      }
    }
  }
}
