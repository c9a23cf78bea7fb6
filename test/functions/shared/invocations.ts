import { randomUUID } from 'node:crypto';
import type { LambdaContext } from '#functions/shared/handler.ts';

/** A batch as Lambda gets it from SQS. */
export const sqsBatch = (...bodies: unknown[]) => ({
  Records: bodies.map((body) => ({
    messageId: randomUUID(),
    receiptHandle: 'handle',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: {},
    messageAttributes: {},
    md5OfBody: '',
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:queue',
    awsRegion: 'us-east-1',
  })),
});

/** "Object Created" as EventBridge puts it into a queue. */
export const objectCreatedEvent = (bucket: string, key: string, etag?: string) => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '000000000000',
  time: '2026-11-23T00:00:00Z',
  region: 'us-east-1',
  resources: [`arn:aws:s3:::${bucket}`],
  detail: {
    version: '0',
    bucket: { name: bucket },
    object: { key, size: 1, ...(etag !== undefined && { etag }), sequencer: '0' },
    reason: 'PutObject',
  },
});

export const lambdaContext: LambdaContext = {
  functionName: 'test-function',
  awsRequestId: 'request-1',
  getRemainingTimeInMillis: () => 60_000,
};
