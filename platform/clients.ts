import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

/**
 * An S3 client for this process. With `AWS_ENDPOINT_URL` (another S3 server than AWS's), buckets are addressed by
 * path, because such servers have no DNS name a bucket.
 */
export function createS3Client(environment: NodeJS.ProcessEnv = process.env): S3Client {
  const elsewhere =
    environment.AWS_ENDPOINT_URL_S3 !== undefined || environment.AWS_ENDPOINT_URL !== undefined;
  return new S3Client({
    forcePathStyle: elsewhere,
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 5_000 },
  });
}

/** An SQS client for this process. */
export function createSqsClient(): SQSClient {
  return new SQSClient({ maxAttempts: 5, requestHandler: { connectionTimeout: 5_000 } });
}
