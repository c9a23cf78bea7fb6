import { type buildApp, buildApp as buildFauxqs } from 'fauxqs';
import { loadInternal } from './fauxqs-internals.ts';

/** The three stores behind fauxqs' HTTP routes. */
export type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;
export type ObjectStoreInterface = Stores['s3Store'];
export type QueueStore = Stores['sqsStore'];
export type Queue = NonNullable<ReturnType<QueueStore['getQueueByArn']>>;
export type QueueMessage = ReturnType<Queue['inspectMessages']>['ready'][number];
export type StoredObject = ReturnType<ObjectStoreInterface['headObject']>;
export type Server = ReturnType<typeof buildApp>;

type CreateMessage = (
  body: string,
  attributes?: Record<string, never>,
  delaySeconds?: number,
) => QueueMessage;

interface Internals {
  readonly SqsStore: (new () => QueueStore) & { createMessage: CreateMessage };
  readonly SnsStore: new () => Stores['snsStore'];
}

const [{ SqsStore }, { SnsStore }] = await Promise.all([
  loadInternal<Internals>('sqs/sqsStore.js'),
  loadInternal<Internals>('sns/snsStore.js'),
]);

export { SnsStore, SqsStore };
export const buildServer = buildFauxqs;

/** Puts a message into a queue, as SendMessage does. */
export function enqueue(queue: Queue, body: string): void {
  queue.enqueue(SqsStore.createMessage(body, {}, Number(queue.attributes.DelaySeconds)));
}
