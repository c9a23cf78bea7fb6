import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { startObjectStore } from '#local/object-store/server.ts';
import { temporaryFolder } from '../temporary/folders.ts';

/** An S3 and SQS server on a free port of this machine, with one bucket and one queue. */
export async function startServer(bucket: string, queue: string) {
  const dir = temporaryFolder('object-store');
  const store = await startObjectStore({
    dir,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  store.createBucket(bucket);
  const { url } = store.createQueue(queue);
  const options = {
    endpoint: store.endpoint,
    region: store.region,
    credentials: store.credentials,
  };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sqs = new SQSClient(options);
  return {
    s3,
    sqs,
    queueUrl: url,
    createQueue(name: string): void {
      store.createQueue(name);
    },
    /** What the AWS SDK needs to reach the server by itself. */
    environment: {
      AWS_ENDPOINT_URL: store.endpoint,
      AWS_REGION: store.region,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
    async stop() {
      s3.destroy();
      sqs.destroy();
      await store.stop();
    },
  };
}

export type TestServer = Awaited<ReturnType<typeof startServer>>;
