import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type buildApp, buildApp as buildFauxqs } from 'fauxqs';

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
  /** The one error class that fauxqs' S3 routes answer as S3 does. */
  readonly S3Error: new (
    code: string,
    message: string,
    status: number,
  ) => Error;
}

/**
 * fauxqs accepts stores but does not export their classes; the package is pinned, so they are loaded by path.
 *
 * @throws Error when the package's layout is another
 */
async function loadInternals(): Promise<Internals> {
  const manifest = findPackageJSON('fauxqs', import.meta.url);
  if (manifest === undefined) throw new Error('The package fauxqs is not installed: run npm ci.');
  const load = (path: string) =>
    import(pathToFileURL(join(dirname(manifest), 'dist', path)).href) as Promise<Internals>;
  const [{ SqsStore }, { SnsStore }, { S3Error }] = await Promise.all([
    load('sqs/sqsStore.js'),
    load('sns/snsStore.js'),
    load('common/errors.js'),
  ]);
  return { SqsStore, SnsStore, S3Error };
}

export const { SqsStore, SnsStore, S3Error } = await loadInternals();
export const buildServer = buildFauxqs;

/** Puts a message into a queue, as SendMessage does. */
export function enqueue(queue: Queue, body: string): void {
  queue.enqueue(SqsStore.createMessage(body, {}, Number(queue.attributes.DelaySeconds)));
}
