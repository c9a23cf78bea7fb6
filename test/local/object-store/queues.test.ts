import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ObjectStore, startObjectStore } from '#local/object-store/server.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

let dir: string;
let store: ObjectStore;
let sqs: SQSClient;

async function start(): Promise<void> {
  store = await startObjectStore({ dir });
  sqs = new SQSClient({
    endpoint: store.endpoint,
    region: 'us-east-1',
    credentials: store.credentials,
  });
}

async function restart(): Promise<void> {
  sqs.destroy();
  await store.stop();
  await start();
}

beforeAll(async () => {
  dir = temporaryFolder('queues');
  await start();
});

afterAll(async () => {
  sqs.destroy();
  await store.stop();
});

const send = (QueueUrl: string, MessageBody: string) =>
  sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));

async function receive(QueueUrl: string, more: object = {}) {
  const request = { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0, ...more };
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ ...request, MessageSystemAttributeNames: ['All'] }),
  );
  return Messages;
}

describe('Function: startObjectStore, queues', () => {
  it('delivers batches, hides what was received, and deletes', async () => {
    // Arrange
    const { url } = store.createQueue('plain');
    const Entries = Array.from({ length: 10 }, (_, i) => ({
      Id: `m${i}`,
      MessageBody: `body ${i}`,
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));

    // Act
    const first = await receive(url, { MaxNumberOfMessages: 7 });
    const rest = await receive(url);
    for (const { ReceiptHandle } of [...first, ...rest]) {
      await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
    }
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] }),
    );

    // Assess
    expect(first).toHaveLength(7);
    expect([...first, ...rest].map((message) => message.Body).toSorted()).toEqual(
      Entries.map((entry) => entry.MessageBody),
    );
    expect(Attributes).toMatchObject({
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      QueueArn: 'arn:aws:sqs:us-east-1:000000000000:plain',
    });
  });

  it('wakes a long poll, and makes a message visible again', async () => {
    // Arrange
    const { url } = store.createQueue('waiting', { VisibilityTimeout: '600' });

    // Act
    const polled = receive(url, { WaitTimeSeconds: 20 });
    await send(url, 'wake up');
    const [message] = await polled;
    const hidden = await receive(url);
    const change = { QueueUrl: url, ReceiptHandle: message!.ReceiptHandle, VisibilityTimeout: 0 };
    await sqs.send(new ChangeMessageVisibilityCommand(change));
    const [again] = await receive(url);

    // Assess
    expect(hidden).toEqual([]);
    expect(again!.MessageId).toBe(message!.MessageId);
    expect(again!.Attributes!.ApproximateReceiveCount).toBe('2');
  });

  it('moves a message to the dead-letter queue after maxReceiveCount', async () => {
    // Arrange
    const dead = store.createQueue('dead');
    const { url } = store.createQueue('source', {
      VisibilityTimeout: '0',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 }),
    });
    await send(url, 'poison');

    // Act
    const received = [await receive(url), await receive(url), await receive(url)];

    // Assess
    expect(received.map((messages) => messages.length)).toEqual([1, 1, 0]);
    expect((await receive(dead.url)).map((message) => message.Body)).toEqual(['poison']);
  });

  it('keeps messages over a restart, those in flight too, and forgets deleted ones', async () => {
    // Arrange
    const dead = store.createQueue('kept-dead');
    const attributes = {
      VisibilityTimeout: '600',
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 1 }),
    };
    const queue = store.createQueue('kept', { ...attributes, VisibilityTimeout: '0' });
    for (const body of ['deleted', 'moved']) await send(queue.url, body);
    const [deleted] = await receive(queue.url, { MaxNumberOfMessages: 1, VisibilityTimeout: 600 });
    const ReceiptHandle = deleted!.ReceiptHandle;
    await sqs.send(new DeleteMessageCommand({ QueueUrl: queue.url, ReceiptHandle }));
    await receive(queue.url);
    await receive(queue.url);
    for (const body of ['waiting', 'in flight']) await send(queue.url, body);
    await receive(queue.url, { MaxNumberOfMessages: 1, VisibilityTimeout: 600 });

    // Act
    await restart();
    const url = store.createQueue('kept', { VisibilityTimeout: '600' }).url;
    const deadUrl = store.createQueue('kept-dead').url;
    const messages = await receive(url);

    // Assess
    const counts = messages.map((m) => [m.Body, m.Attributes!.ApproximateReceiveCount]);
    expect(counts.toSorted()).toEqual([
      ['in flight', '1'],
      ['waiting', '2'],
    ]);
    expect((await receive(deadUrl)).map((message) => message.Body)).toEqual(['moved']);
  });
});
