import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { UnavailableError } from '#lib/contracts/errors.ts';

/** What a dead-letter queue is called: after the queue whose messages end there. */
const ending = '-dead-letters';
/** SQS hands out ten messages a request. */
const atOnce = 10;

/** Messages that were driven again, or that have no queue to go back to. */
export interface Redriven {
  /** Name of the queue. */
  readonly queue: string;
  readonly messages: number;
  /** False for what no queue has sent, as starts of the schedule. */
  readonly isDriven: boolean;
}

/**
 * Puts the messages of a deployment's dead-letter queues back into the queues that they came from. Each is sent before it is
 * deleted: interrupted, one may be worked on twice, which is harmless, and none is lost.
 *
 * @param prefix of the deployment's names, as `lea-dev-`
 * @throws UnavailableError when a queue does not take them
 */
export async function redrive(client: SQSClient, prefix: string): Promise<Redriven[]> {
  const urls = await queueUrls(client, prefix);
  const driven: Redriven[] = [];
  for (const [name, url] of urls) {
    if (!name.endsWith(ending)) continue;
    const queue = name.slice(0, -ending.length);
    const messages = await countMessages(client, url);
    if (messages === 0) continue;
    const source = urls.get(queue);
    if (source === undefined) driven.push({ queue: name, messages, isDriven: false });
    else {
      const moved = await move(client, url, source, messages);
      driven.push({ queue, messages: moved, isDriven: true });
    }
  }
  return driven;
}

/** URLs by name, in order. */
async function queueUrls(client: SQSClient, prefix: string): Promise<Map<string, string>> {
  const urls: string[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new ListQueuesCommand({ QueueNamePrefix: prefix, MaxResults: 1000, NextToken }),
    );
    urls.push(...(page.QueueUrls ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return new Map(urls.sort().map((url) => [url.slice(url.lastIndexOf('/') + 1), url]));
}

async function countMessages(client: SQSClient, QueueUrl: string): Promise<number> {
  const name = 'ApproximateNumberOfMessages';
  const { Attributes } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }),
  );
  return Number(Attributes?.[name] ?? 0);
}

/** As many as there were: what fails again meanwhile stays. */
async function move(client: SQSClient, from: string, to: string, most: number): Promise<number> {
  let moved = 0;
  while (moved < most) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MaxNumberOfMessages: Math.min(atOnce, most - moved),
        WaitTimeSeconds: 2,
      }),
    );
    if (Messages.length === 0) break;
    const named = Messages.map((message, at) => ({ ...message, Id: String(at) }));
    const sent = await client.send(
      new SendMessageBatchCommand({
        QueueUrl: to,
        Entries: named.map(({ Id, Body }) => ({ Id, MessageBody: Body ?? '' })),
      }),
    );
    const refused = new Map(sent.Failed?.map(({ Id, Message }) => [Id, Message]));
    const taken = named.filter(({ Id }) => !refused.has(Id));
    if (taken.length > 0) {
      await client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: from,
          Entries: taken.map(({ Id, ReceiptHandle }) => ({ Id, ReceiptHandle })),
        }),
      );
    }
    moved += taken.length;
    if (refused.size === 0) continue;
    const [reason = 'no reason given'] = refused.values();
    throw new UnavailableError(
      `${refused.size} messages of ${from} were not taken by ${to}: ${reason}. They are where they were; do it again.`,
    );
  }
  return moved;
}
