import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
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

describe('Function: sendMessages, where the queue refuses a part', () => {
  /** What each request held, in order. */
  let asked: string[][];
  let refuses: (body: string) => boolean;
  let server: Server;
  let client: SQSClient;

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const { Entries: entries } = (await json(request)) as {
        Entries: { Id: string; MessageBody: string }[];
      };
      asked.push(entries.map(({ MessageBody }) => MessageBody));
      const isRefused = entries.map(({ MessageBody }) => refuses(MessageBody));
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(
        JSON.stringify({
          Successful: entries
            .filter((_, index) => !isRefused[index])
            .map(({ Id, MessageBody }) => ({
              Id,
              MessageId: Id,
              MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
            })),
          Failed: entries
            .filter((_, index) => isRefused[index])
            .map(({ Id }) => ({ Id, SenderFault: false, Code: 'Busy', Message: 'Slow down.' })),
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = new SQSClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });
  afterAll(() => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  it('sends again what was refused, and nothing else', async () => {
    asked = [];
    refuses = (body) => body === '2' && asked.length === 1;

    await sendMessages(client, 'http://127.0.0.1/0/ranges', [1, 2, 3]);

    expect(asked).toEqual([['1', '2', '3'], ['2']]);
  });

  it('gives up on what is refused every time, with the reason that the queue gives', async () => {
    asked = [];
    refuses = (body) => body === '2';

    const sending = sendMessages(client, 'http://127.0.0.1/0/ranges', [1, 2, 3]);

    await expect(sending).rejects.toMatchObject({
      code: 'UnavailableError',
      retryable: true,
      message: '1 message could not be sent to http://127.0.0.1/0/ranges: Slow down.',
    });
    expect(asked.slice(1)).toEqual([['2'], ['2'], ['2'], ['2']]);
  });
});
