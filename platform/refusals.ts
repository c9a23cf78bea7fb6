import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { statusOf } from './service-errors.ts';

/**
 * What a failed look at an object means. Whoever may not list the whole bucket hears 403 of an object that is not there, as of one that he may not read. What
 * may be read may be listed by its name, which tells the two apart.
 */
export async function explained(
  client: S3Client,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  error: unknown,
): Promise<unknown> {
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
