import * as z from 'zod';
import { TemplateError } from '../errors.ts';
import type { Queue } from '../object-store/fauxqs.ts';
import type { ObjectStore } from '../object-store/server.ts';
import { placeOf, propertiesOf } from '../template/properties.ts';
import type { Templates } from '../template/templates.ts';

const text = z.coerce.string().optional();

/** The properties of AWS::SQS::Queue that become attributes of the local queue. */
const queueProperties = z.looseObject({
  VisibilityTimeout: text,
  DelaySeconds: text,
  MaximumMessageSize: text,
  MessageRetentionPeriod: text,
  ReceiveMessageWaitTimeSeconds: text,
  RedrivePolicy: z.record(z.string(), z.unknown()).optional(),
  FifoQueue: z.coerce.boolean().optional(),
});

/**
 * Creates every queue of the templates; the result is by ARN.
 *
 * @throws TemplateError for a FIFO queue
 */
export function createQueues(templates: Templates, store: ObjectStore): Map<string, Queue> {
  const queues = templates.resources('AWS::SQS::Queue').map((resource) => {
    const { RedrivePolicy, FifoQueue, ...others } = propertiesOf(resource, queueProperties);
    if (FifoQueue === true) {
      throw new TemplateError('FIFO queues are not supported.', placeOf(resource));
    }
    const names = [
      'VisibilityTimeout',
      'DelaySeconds',
      'MaximumMessageSize',
      'MessageRetentionPeriod',
      'ReceiveMessageWaitTimeSeconds',
    ] as const;
    const attributes: Record<string, string> = {};
    for (const name of names) {
      const value = others[name];
      if (value !== undefined) attributes[name] = value;
    }
    if (RedrivePolicy !== undefined) attributes.RedrivePolicy = JSON.stringify(RedrivePolicy);
    return store.createQueue(resource.name, attributes);
  });
  return new Map(queues.map((queue) => [queue.arn, queue]));
}

/** The queue that another one's failed messages go to. */
export function deadLetterArn(queue: Queue): string | undefined {
  return redrivePolicy(queue).deadLetterTargetArn;
}

/** How often a message of the queue is delivered. */
export function maximumTries(queue: Queue): number {
  return Number(redrivePolicy(queue).maxReceiveCount ?? Number.POSITIVE_INFINITY);
}

function redrivePolicy(queue: Queue): {
  readonly deadLetterTargetArn?: string;
  readonly maxReceiveCount?: number | string;
} {
  return JSON.parse(queue.attributes.RedrivePolicy ?? '{}');
}
