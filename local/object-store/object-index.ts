import { statSync } from 'node:fs';
import { LocalError } from '../errors.ts';
import type { StoredObject } from './fauxqs.ts';
import { Journal, readEntries } from './journal.ts';
import { S3Error } from './s3-error.ts';
import { compareUtf8, SortedKeys } from './sorted-keys.ts';

/** What S3 keeps of an object besides its bytes; `file` is the name of the file that has them. */
export type ObjectRecord = Omit<StoredObject, 'body'> & { readonly file: string };

type Entry =
  | { readonly op: 'bucket'; readonly bucket: string; readonly created: string }
  | { readonly op: 'removeBucket'; readonly bucket: string }
  | { readonly op: 'put'; readonly bucket: string; readonly record: ObjectRecord }
  | { readonly op: 'delete'; readonly bucket: string; readonly key: string };

interface Bucket {
  readonly created: Date;
  readonly records: Map<string, ObjectRecord>;
  readonly keys: SortedKeys;
}

/**
 * Which buckets there are, which keys they have and which file has the bytes of each: in memory, and in a journal that
 * outlives the process. A change counts once its line is written, so a kill never leaves half of one.
 */
export class ObjectIndex {
  readonly #buckets = new Map<string, Bucket>();
  readonly #path: string;
  readonly #journal: Journal<Entry> | undefined;
  /** State of another process's journal when it was read. */
  #seen = '';

  /**
   * @param path of the journal, which is begun if there is none
   * @param looksOnly reads what is there, and changes nothing: another process may write
   */
  constructor(path: string, looksOnly = false) {
    this.#path = path;
    if (looksOnly) {
      this.look();
    } else {
      this.#journal = new Journal(path, (entry) => this.#apply(entry));
      this.#journal.compact(this.#entries());
    }
  }

  /** Reads anew what another process has written. */
  look(): void {
    this.#seen = this.#state();
    this.#buckets.clear();
    readEntries<Entry>(this.#path, (entry) => this.#apply(entry));
  }

  /** What tells whether the journal is still the one that was read. */
  #state(): string {
    const { ino, size, mtimeMs } = statSync(this.#path);
    return `${ino} ${size} ${mtimeMs}`;
  }

  /** The buckets as of now. */
  get #now(): ReadonlyMap<string, Bucket> {
    if (this.#journal === undefined && this.#seen !== this.#state()) this.look();
    return this.#buckets;
  }

  close(): void {
    this.#journal?.close();
  }

  createBucket(name: string): void {
    if (this.#buckets.has(name)) return;
    if (!/^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?![.-])){1,61}[a-z0-9]$/.test(name)) {
      throw new S3Error('InvalidBucketName', `The specified bucket is not valid: ${name}`, 400);
    }
    this.#commit({ op: 'bucket', bucket: name, created: new Date().toISOString() });
  }

  hasBucket(name: string): boolean {
    return this.#now.has(name);
  }

  listBuckets(): { name: string; creationDate: Date }[] {
    return [...this.#now]
      .map(([name, bucket]) => ({ name, creationDate: bucket.created }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  deleteBucket(name: string): void {
    if (bucketIn(this.#now, name).records.size > 0) {
      throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty', 409);
    }
    this.#commit({ op: 'removeBucket', bucket: name });
  }

  /** @throws S3Error `NoSuchBucket` */
  expectBucket(name: string): void {
    bucketIn(this.#now, name);
  }

  /** @throws S3Error `NoSuchBucket` */
  find(bucket: string, key: string): ObjectRecord | undefined {
    return bucketIn(this.#now, bucket).records.get(key);
  }

  /** @throws S3Error `NoSuchBucket` or `NoSuchKey` */
  get(bucket: string, key: string): ObjectRecord {
    const record = this.find(bucket, key);
    if (record !== undefined) return record;
    throw new S3Error('NoSuchKey', `The specified key does not exist: ${key}`, 404);
  }

  put(bucket: string, record: ObjectRecord): void {
    this.#commit({ op: 'put', bucket, record });
  }

  delete(bucket: string, key: string): void {
    this.#commit({ op: 'delete', bucket, key });
  }

  /** Records whose keys begin with `prefix` and come after `after`, in S3's order, lazily. */
  *list(bucket: string, prefix: string, after: string): Generator<ObjectRecord> {
    const { keys, records } = bucketIn(this.#now, bucket);
    const start = compareUtf8(after, prefix) > 0 ? after : prefix;
    for (let i = keys.firstAtLeast(start); i < keys.size; i++) {
      const key = keys.at(i)!;
      if (!key.startsWith(prefix)) return;
      if (key !== after) yield records.get(key)!;
    }
  }

  /** Of all buckets. */
  *all(): Generator<ObjectRecord> {
    for (const { records } of this.#buckets.values()) yield* records.values();
  }

  #commit(entry: Entry): void {
    if (this.#journal === undefined) {
      throw new LocalError(
        'LooksOnly',
        `${this.#path} is another process's: nothing can be written.`,
      );
    }
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
      const { keys, records } = bucketIn(this.#buckets, entry.bucket);
      if (!records.has(record.key)) keys.add(record.key);
      records.set(record.key, record);
    } else {
      const { keys, records } = bucketIn(this.#buckets, entry.bucket);
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
}

function bucketIn(buckets: ReadonlyMap<string, Bucket>, name: string): Bucket {
  const bucket = buckets.get(name);
  if (bucket !== undefined) return bucket;
  throw new S3Error('NoSuchBucket', `The specified bucket does not exist: ${name}`, 404);
}
