/** What a listing tells of an object. */
export interface ObjectSummary {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** With its quotation marks, as S3 gives it. */
  readonly etag: string;
  readonly lastModified: Date;
  readonly storageClass: string;
}

/** The little of S3 that `ItemReader` and `ResultWriter` need. */
export interface ObjectReaderWriter {
  /** Every object whose key begins with the prefix, in the order of keys. */
  list(bucket: string, prefix: string): AsyncIterable<ObjectSummary>;
  /** An object's bytes; rejects when there is none. */
  get(bucket: string, key: string): Promise<Uint8Array>;
  put(bucket: string, key: string, body: Uint8Array, contentType: string): Promise<void>;
}
