import { mkdirSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Credentials, newCredentials, refusal } from '../access.ts';
import { loopback } from '../processes/addresses.ts';
import { answerCopy } from './copies.ts';
import {
  buildServer,
  type ObjectStoreInterface,
  type Queue,
  type Server,
  SnsStore,
  SqsStore,
} from './fauxqs.ts';
import { listObjects } from './listing.ts';
import { MessageJournal } from './messages.ts';
import { DiskObjects } from './objects.ts';
import { readObject } from './reads.ts';
import {
  header,
  type Reply,
  type Request,
  type S3Request,
  s3Request,
  sendError,
} from './request.ts';
import { asS3Error, S3Error } from './s3-error.ts';
import { refuseUnsupported } from './unsupported.ts';
import { checkConditions, createsObject, unwrapBody } from './writes.ts';

/** The account that everything local belongs to. */
export const localAccount = '000000000000';

/** Largest single PUT; larger objects are uploaded in parts, as on S3 above 5 GiB. */
const maximumBodyBytes = 2 * 1024 ** 3;

/** An object that was just written. */
export interface ObjectCreated {
  readonly bucket: string;
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly reason: 'PutObject' | 'CopyObject' | 'CompleteMultipartUpload';
  readonly time: Date;
  /** Grows with every write, in hexadecimal. */
  readonly sequencer: string;
}

export interface ObjectStoreOptions {
  /** Folder of the objects and queued messages; what it holds is served again. */
  readonly dir: string;
  readonly region?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** What requests must be signed with; random ones unless given. */
  readonly credentials?: Credentials;
  /** Called before the writer gets its answer. */
  readonly onObjectCreated?: (event: ObjectCreated) => void;
  readonly onWarning?: (message: string) => void;
}

export interface ObjectStore {
  /** `http://127.0.0.1:<port>`, for S3 and SQS. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  createBucket(name: string): void;
  /** Names of the buckets that there are, sorted. */
  buckets(): string[];
  /** Creates a queue, with the messages that it held before a restart. */
  createQueue(name: string, attributes?: Record<string, string>): Queue;
  stop(): Promise<void>;
}

/**
 * Starts an S3 and SQS server in this process, on the loopback interface only: fauxqs' routes over a store on
 * disk, with hooks for what fauxqs lacks: conditional writes, notifications, checksums, streamed ranges, correct
 * paging, large bodies, and 501 for what is not supported.
 */
export async function startObjectStore(options: ObjectStoreOptions): Promise<ObjectStore> {
  const region = options.region ?? 'us-east-1';
  const credentials = options.credentials ?? newCredentials();
  mkdirSync(options.dir, { recursive: true });
  const objects = new DiskObjects(join(options.dir, 's3'));
  const messages = new MessageJournal(join(options.dir, 'sqs'), options.onWarning ?? (() => {}));
  const queues = new SqsStore();
  messages.attach(queues);
  const server = buildServer({
    logger: false,
    defaultRegion: region,
    stores: {
      s3Store: objects as unknown as ObjectStoreInterface,
      sqsStore: queues,
      snsStore: new SnsStore(),
    },
  });
  // With no host of its own, fauxqs names queues after the address that a client used.
  queues.host = '';
  acceptLargeBodies(server);
  letIn(server, credentials);
  addHooks(server, objects, options.onObjectCreated ?? (() => {}));
  await server.listen({ port: options.port ?? 0, host: loopback });
  const endpoint = `http://${loopback}:${(server.server.address() as AddressInfo).port}`;
  return {
    endpoint,
    region,
    credentials,
    createBucket: (name) => objects.createBucket(name),
    buckets: () => objects.listBuckets().map(({ name }) => name),
    createQueue(name, attributes = {}) {
      const arn = `arn:aws:sqs:${region}:${localAccount}:${name}`;
      const url = `${endpoint}/${localAccount}/${name}`;
      const queue = queues.createQueue(name, url, arn, attributes);
      messages.restore(queue);
      return queue;
    },
    async stop() {
      await server.close();
      messages.close();
      objects.close();
    },
  };
}

/** fauxqs stops at 11 MiB; the limit of a parser, unlike the server's, can still be changed. */
function acceptLargeBodies(server: Server): void {
  server.removeContentTypeParser('*');
  server.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: maximumBodyBytes },
    (_request, body, done) => done(null, body),
  );
}

/** Refuses, before anything of the body is read, who does not have the credentials. */
function letIn(server: Server, credentials: Credentials): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { port } = server.server.address() as AddressInfo;
    const message = refusal({ headers: request.headers, url: request.url }, credentials, port);
    if (message === undefined) return done();
    // The protocol of SQS; all else is S3's.
    if (request.headers['x-amz-target'] !== undefined) {
      reply.status(403).send({ __type: 'AccessDenied', message });
    } else {
      sendError(request as Request, reply as Reply, new S3Error('AccessDenied', message, 403));
    }
  });
}

function addHooks(
  server: Server,
  objects: DiskObjects,
  onObjectCreated: (event: ObjectCreated) => void,
): void {
  let sequence = Date.now() * 1000;
  const tellOfObject = (request: Request, reply: Reply) => {
    const s3 = s3Request(request);
    if (s3 === undefined || reply.statusCode !== 200 || !createsObject(s3)) return;
    const record = objects.find(s3.bucket, s3.key)!;
    const copied = header(request, 'x-amz-copy-source') !== undefined;
    const put = copied ? 'CopyObject' : 'PutObject';
    sequence += 1;
    onObjectCreated({
      bucket: s3.bucket,
      key: s3.key,
      size: record.contentLength,
      etag: record.etag.replaceAll('"', ''),
      reason: s3.method === 'POST' ? 'CompleteMultipartUpload' : put,
      time: record.lastModified,
      sequencer: sequence.toString(16).toUpperCase().padStart(18, '0'),
    });
  };
  server.addHook('onRequest', (request, reply, done) => {
    const s3 = s3Request(request as Request);
    if (
      answered(
        request as Request,
        reply as Reply,
        () => s3 && refuseUnsupported(request as Request, s3),
      )
    )
      return;
    done();
  });
  // One synchronous hook right before the handler: what it checks still holds when the handler writes.
  server.addHook('preHandler', (request, reply, done) => {
    const s3 = s3Request(request as Request);
    if (s3 === undefined) return done();
    let isAnswered = false;
    const failed = answered(request as Request, reply as Reply, () => {
      unwrapBody(request as Request, s3);
      checkConditions(request as Request, s3, objects);
      isAnswered =
        answerCopy(request as Request, reply as Reply, s3, objects) ||
        answerRead(request as Request, reply as Reply, s3, objects);
    });
    if (!failed && !isAnswered) done();
  });
  server.addHook('onSend', (request, reply, _payload, done) => {
    try {
      tellOfObject(request as Request, reply as Reply);
      done();
    } catch (error) {
      // The writer hears of a failure, and writes again: no event is lost.
      done(error as Error);
    }
  });
  server.setErrorHandler(
    (error: Error & { statusCode?: number; code?: string }, request, reply) => {
      if (s3Request(request as Request) === undefined) return reply.send(error);
      sendError(request as Request, reply as Reply, refused(error));
      return reply;
    },
  );
}

function refused(error: Error & { statusCode?: number; code?: string }): Error {
  if (error.statusCode === 413) {
    const message = `Your proposed upload exceeds ${maximumBodyBytes} bytes; use a multipart upload.`;
    return new S3Error('EntityTooLarge', message, 400);
  }
  return asS3Error(error);
}

function answerRead(request: Request, reply: Reply, s3: S3Request, objects: DiskObjects): boolean {
  if (s3.method !== 'GET' && s3.method !== 'HEAD') return false;
  if (s3.key === '') {
    if (s3.method === 'HEAD') return false;
    listObjects(reply, s3, objects);
    return true;
  }
  if ('attributes' in s3.query) return false;
  readObject(request, reply, s3, objects);
  return true;
}

/** Runs a check; true when it failed and the client has its answer. */
function answered(request: Request, reply: Reply, check: () => unknown): boolean {
  try {
    check();
    return false;
  } catch (error) {
    sendError(request, reply, error);
    return true;
  }
}
