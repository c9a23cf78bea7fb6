import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendMessages } from '#platform/queues.ts';
import { startServer, type TestServer } from './server.ts';

describe('Function: sendMessages', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer('unused', 'ranges');
  });
  afterAll(() => server.stop());

  it('sends every message once', async () => {
    // Arrange
    const messages = Array.from({ length: 23 }, (_, range) => ({ range }));

    // Act
    await sendMessages(server.sqs, server.queueUrl, messages);

    // Assess
    const received: number[] = [];
    while (received.length < messages.length) {
      const { Messages = [] } = await server.sqs.send(
        new ReceiveMessageCommand({ QueueUrl: server.queueUrl, MaxNumberOfMessages: 10 }),
      );
      received.push(...Messages.map((message) => JSON.parse(message.Body ?? '').range));
    }
    expect(received.toSorted((a, b) => a - b)).toStrictEqual(messages.map(({ range }) => range));
  });

  it('says that a queue without a server is worth another try', async () => {
    const client = new SQSClient({
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 1,
    });

    await expect(sendMessages(client, 'http://127.0.0.1:1/0/ranges', [1])).rejects.toMatchObject({
      retryable: true,
    });
  });
});
