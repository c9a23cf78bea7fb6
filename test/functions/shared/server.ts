import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';

/** What the AWS SDK needs to reach the server on this machine. */
export const localCredentials = (port: number) => ({
  AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});

/** An S3 and SQS server on a free port, with one bucket and one queue. */
export async function startServer(bucket: string, queue: string) {
  const server = await startFauxqs({ port: 0, logger: false });
  const options = {
    endpoint: `http://127.0.0.1:${server.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const sqs = new SQSClient(options);
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: queue }));
  return {
    port: server.port,
    s3,
    sqs,
    queueUrl: QueueUrl as string,
    async stop() {
      s3.destroy();
      sqs.destroy();
      await server.stop();
    },
  };
}
