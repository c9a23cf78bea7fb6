import { setTimeout as sleep } from 'node:timers/promises';
import {
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { UnavailableError } from '#lib/contracts/errors.ts';
import { fromServiceError } from './service-errors.ts';

/** SQS takes at most ten messages a request. */
const BATCH = 10;
const ATTEMPTS = 5;
const DELAY_MILLISECONDS = 100;

/**
 * Sends messages as JSON, ten a request. Messages that SQS refuses for a moment are sent again.
 *
 * @throws UnavailableError when some could not be sent; the ones before them have been
 */
export async function sendMessages(
  client: SQSClient,
  queueUrl: string,
  messages: readonly unknown[],
): Promise<void> {
  for (let start = 0; start < messages.length; start += BATCH) {
    const batch = messages.slice(start, start + BATCH).map((message, index) => ({
      Id: String(start + index),
      MessageBody: JSON.stringify(message),
    }));
    await sendBatch(client, queueUrl, batch);
  }
}

async function sendBatch(
  client: SQSClient,
  queueUrl: string,
  batch: readonly SendMessageBatchRequestEntry[],
): Promise<void> {
  let left = [...batch];
  for (let attempt = 1; ; attempt++) {
    const answer = await client
      .send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: left }))
      .catch((error: unknown) => {
        throw fromServiceError(error, `sending ${left.length} messages to ${queueUrl}`);
      });
    const failed = new Map(answer.Failed?.map((entry) => [entry.Id, entry]));
    left = left.filter((entry) => failed.has(entry.Id));
    if (left.length === 0) return;
    if (attempt === ATTEMPTS) {
      const reason = failed.get(left[0]?.Id)?.Message ?? 'no reason given';
      throw new UnavailableError(
        `${left.length} message${left.length === 1 ? '' : 's'} could not be sent to ${queueUrl}: ${reason}`,
      );
    }
    await sleep(DELAY_MILLISECONDS * 2 ** attempt * (0.5 + Math.random()));
  }
}
