import { setTimeout as sleep } from 'node:timers/promises';
import type { InvocationResult, LocalFunction } from '../functions/function.ts';
import type { Queue, QueueMessage } from '../object-store/fauxqs.ts';
import { maximumTries } from './queues.ts';

/** One event source mapping from a queue to a function. */
export interface QueueSourceSettings {
  readonly queue: Queue;
  readonly target: LocalFunction;
  readonly batchSize: number;
  /** How long a batch may wait for more messages, in seconds. */
  readonly windowSeconds: number;
  /** Batches that are worked on at the same time. */
  readonly concurrency: number;
  /** The function returns `batchItemFailures`; otherwise a batch succeeds or fails as a whole. */
  readonly reportsItemFailures: boolean;
  /**
   * When failed messages are delivered again, in seconds. Without it they come back as on AWS: when the
   * visibility timeout of the queue has passed.
   */
  readonly redeliverySeconds?: number | undefined;
  readonly region: string;
  readonly queueByArn: (arn: string) => Queue | undefined;
  readonly onFailure: (failure: BatchFailure) => void;
}

/** Messages that a function did not accept. */
export interface BatchFailure {
  readonly queue: string;
  readonly function: string;
  readonly messages: number;
  /** How many of them have been tried as often as their queue allows, and go to its dead-letter queue. */
  readonly givenUp: number;
  readonly reason: string;
}

/** A message in the form in which Lambda hands it to a function. */
interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

type Received = ReturnType<Queue['dequeue']>[number];

/** A batch must fit into one invocation. */
const maximumBatchBytes = 6 * 1024 * 1024 - 64 * 1024;

/** Polls a queue and invokes a function with what comes, as Lambda's pollers do. */
export class QueueSource {
  readonly #settings: QueueSourceSettings;
  readonly #stop = new AbortController();
  #pollers: Promise<void>[] = [];

  constructor(settings: QueueSourceSettings) {
    this.#settings = settings;
  }

  start(): void {
    const { concurrency } = this.#settings;
    this.#pollers = Array.from({ length: concurrency }, () => this.#poll());
  }

  /** True when no message waits, is delayed or is being worked on. */
  get quiet(): boolean {
    const { ready, delayed, inflight } = this.#settings.queue.inspectMessages();
    return ready.length + delayed.length + inflight.length === 0;
  }

  /** Stops polling; batches under way are given up and come again after a restart. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('The local cloud is stopping.'));
    this.#settings.queue.cancelWaiters();
    await Promise.all(this.#pollers);
  }

  async #poll(): Promise<void> {
    const { queue } = this.#settings;
    while (!this.#stop.signal.aborted) {
      try {
        const batch = await this.#receive();
        if (batch.length === 0) await queue.waitForMessages(20);
        else await this.#deliver(batch);
      } catch (error) {
        // The queue's folder is full or gone; what was received comes again after its visibility timeout.
        this.#fail({ messages: 0, givenUp: 0, reason: (error as Error).message });
        await sleep(1000, undefined, { signal: this.#stop.signal }).catch(() => {});
      }
    }
  }

  async #receive(): Promise<Received[]> {
    const { queue, batchSize, windowSeconds } = this.#settings;
    const batch: Received[] = [];
    const deadline = Date.now() + windowSeconds * 1000;
    let bytes = 0;
    while (batch.length < batchSize && bytes + largestMessage(queue) <= maximumBatchBytes) {
      const [received] = queue.dequeue(1, undefined, this.#settings.queueByArn);
      if (received !== undefined) {
        batch.push(received);
        bytes += Buffer.byteLength(received.Body);
        continue;
      }
      const left = deadline - Date.now();
      if (batch.length === 0 || left <= 0 || this.#stop.signal.aborted) break;
      await queue.waitForMessages(left / 1000);
    }
    return batch;
  }

  async #deliver(batch: readonly Received[]): Promise<void> {
    const { queue, target, reportsItemFailures, redeliverySeconds } = this.#settings;
    const records = batch.map((received) => this.#record(received));
    const { failed, reason } = await target
      .invoke({ Records: records }, this.#stop.signal)
      .then((result) => outcome(result, batch, reportsItemFailures))
      .catch((error: Error) => ({ failed: batchIds(batch), reason: error.message }));
    // What was not finished stays in flight, on disk, and is delivered again after a restart.
    if (this.#stop.signal.aborted) return;
    for (const { messageId, receiptHandle } of records) {
      if (!failed.has(messageId)) queue.deleteMessage(receiptHandle);
      else if (redeliverySeconds !== undefined) {
        queue.changeVisibility(receiptHandle, redeliverySeconds);
      }
    }
    if (failed.size === 0) return;
    const tries = maximumTries(queue);
    const last = records.filter(({ messageId, attributes }) => {
      return failed.has(messageId) && Number(attributes.ApproximateReceiveCount) >= tries;
    });
    this.#fail({ messages: failed.size, givenUp: last.length, reason });
  }

  #fail(failure: Pick<BatchFailure, 'messages' | 'givenUp' | 'reason'>): void {
    const { queue, target, onFailure } = this.#settings;
    onFailure({ queue: queue.name, function: target.settings.name, ...failure });
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html */
  #record(received: Received): SqsRecord {
    const { queue, region } = this.#settings;
    const message = queue.inflightMessages.get(received.ReceiptHandle)?.message as QueueMessage;
    return {
      messageId: received.MessageId,
      receiptHandle: received.ReceiptHandle,
      body: received.Body,
      attributes: {
        ApproximateReceiveCount: String(message.approximateReceiveCount),
        SentTimestamp: String(message.sentTimestamp),
        SenderId: 'local',
        ApproximateFirstReceiveTimestamp: String(message.approximateFirstReceiveTimestamp),
      },
      messageAttributes: Object.fromEntries(
        Object.entries(message.messageAttributes).map(([name, value]) => [
          name,
          {
            stringValue: value.StringValue,
            binaryValue: value.BinaryValue,
            dataType: value.DataType,
          },
        ]),
      ),
      md5OfBody: received.MD5OfBody,
      eventSource: 'aws:sqs',
      eventSourceARN: queue.arn,
      awsRegion: region,
    };
  }
}

interface Outcome {
  readonly failed: ReadonlySet<string>;
  readonly reason: string;
}

/** Which messages of a batch failed; an answer that makes no sense fails the whole batch, as on AWS. */
function outcome(result: InvocationResult, batch: readonly Received[], perItem: boolean): Outcome {
  if ('error' in result) {
    return {
      failed: batchIds(batch),
      reason: `${result.error.errorType}: ${result.error.errorMessage}`,
    };
  }
  const answer = result.payload as { batchItemFailures?: { itemIdentifier?: string }[] } | null;
  const failures = answer?.batchItemFailures ?? [];
  if (!perItem || failures.length === 0) return { failed: new Set(), reason: '' };
  const ids = batchIds(batch);
  const named = failures.map((failure) => failure.itemIdentifier ?? '');
  if (named.every((id) => ids.has(id)))
    return { failed: new Set(named), reason: 'its log says why' };
  return { failed: ids, reason: 'batchItemFailures names a message that is not in the batch' };
}

function batchIds(batch: readonly Received[]): Set<string> {
  return new Set(batch.map((received) => received.MessageId));
}

function largestMessage(queue: Queue): number {
  return Number(queue.attributes.MaximumMessageSize);
}
