import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectReaderWriter, ObjectSummary } from './state-machine/objects.ts';

/** The S3 access of `ItemReader` and `ResultWriter`. */
export function bucketObjects(s3: S3Client): ObjectReaderWriter {
  return {
    list: (bucket, prefix) => list(s3, bucket, prefix),
    async get(bucket, key) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return Body!.transformToByteArray();
    },
    async put(bucket, key, body, contentType) {
      const request = { Bucket: bucket, Key: key, Body: body, ContentType: contentType };
      await s3.send(new PutObjectCommand(request));
    },
  };
}

async function* list(s3: S3Client, Bucket: string, Prefix: string): AsyncIterable<ObjectSummary> {
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix, ...(ContinuationToken && { ContinuationToken }) }),
    );
    for (const { Key, Size, ETag, LastModified, StorageClass } of page.Contents ?? []) {
      yield {
        key: Key!,
        size: Size!,
        etag: ETag!,
        lastModified: LastModified!,
        storageClass: StorageClass ?? 'STANDARD',
      };
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}
