import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Credentials, refusal } from '../access.ts';
import { loopback } from '../processes/addresses.ts';
import { callApi } from './api.ts';
import type { SageMaker } from './sagemaker.ts';

/** Largest request of a real-time endpoint, in bytes. */
const maximumRequestBytes = 25 * 1024 * 1024;

export interface SageMakerServerOptions {
  readonly sagemaker: SageMaker;
  readonly account: string;
  /** What requests must be signed with. */
  readonly credentials: Credentials;
  /** How long a model may work on one request; 60 on AWS. */
  readonly invocationTimeoutSeconds: number;
}

export interface SageMakerServer {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  stop(): Promise<void>;
}

/**
 * Serves SageMaker on the loopback interface: `InvokeEndpoint` hands bytes and content type to the container as they
 * are, and every call of the control plane that Step Functions may make can be made over HTTP, too. Errors come
 * back as the real service words them, so that AWS's SDK throws its own exceptions.
 */
export async function startSageMakerServer(
  options: SageMakerServerOptions,
): Promise<SageMakerServer> {
  const server = createServer((incoming, outgoing) => {
    answer(options, incoming, outgoing).catch((error: Error) => {
      fail(outgoing, 500, 'InternalFailure', { Message: error.message });
    });
  });
  await listen(server);
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${loopback}:${port}`,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  { sagemaker, account, credentials, invocationTimeoutSeconds }: SageMakerServerOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { headers, url = '/', socket } = incoming;
  const Message = refusal({ headers, url }, credentials, socket.localPort!);
  if (Message !== undefined) return fail(outgoing, 403, 'AccessDeniedException', { Message });
  const target = headers['x-amz-target'];
  if (incoming.method === 'POST' && typeof target === 'string') {
    const text = (await readBody(incoming))?.toString() ?? '';
    const { status, body } = await callApi(sagemaker.actions, target, text);
    outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
    outgoing.end(JSON.stringify(body));
    return;
  }
  const { pathname } = new URL(url, 'http://localhost');
  const name = /^\/endpoints\/([^/]+)\/invocations$/.exec(pathname)?.[1];
  if (incoming.method !== 'POST' || name === undefined) {
    const Message = `${incoming.method} ${pathname} is not supported on one machine.`;
    return fail(outgoing, 501, 'NotImplemented', { Message });
  }
  const body = await readBody(incoming);
  if (body === undefined) {
    const Message = `The request exceeds ${maximumRequestBytes} bytes.`;
    return fail(outgoing, 413, 'ValidationError', { Message });
  }
  const address = sagemaker.endpoints.address(decodeURIComponent(name));
  if (address === undefined) {
    const Message = `Endpoint ${decodeURIComponent(name)} of account ${account} not found.`;
    return fail(outgoing, 400, 'ValidationError', { Message });
  }
  const invoked = await invoke(address.url, incoming, body, invocationTimeoutSeconds);
  if (invoked.status === undefined) {
    return fail(outgoing, 503, 'ServiceUnavailable', { Message: invoked.body.toString() });
  }
  if (invoked.status >= 200 && invoked.status < 300) {
    outgoing.writeHead(200, {
      'content-type': invoked.contentType,
      'content-length': invoked.body.length,
      'x-amzn-invoked-production-variant': address.variant,
    });
    outgoing.end(invoked.body);
    return;
  }
  const text = invoked.body.toString();
  return fail(outgoing, 424, 'ModelError', {
    Message: `Received ${invoked.status < 500 ? 'client' : 'server'} error (${invoked.status}) from primary with message "${text}".`,
    OriginalMessage: text,
    OriginalStatusCode: invoked.status,
    LogStreamArn: '',
  });
}

interface Invoked {
  /** undefined: the container could not be reached; 0: it did not answer in time. */
  readonly status: number | undefined;
  readonly contentType: string;
  readonly body: Buffer;
}

function invoke(
  url: string,
  incoming: IncomingMessage,
  body: Buffer,
  timeoutSeconds: number,
): Promise<Invoked> {
  const names = ['content-type', 'accept', 'x-amzn-sagemaker-custom-attributes'] as const;
  const headers: Record<string, string | number> = { 'content-length': body.length };
  for (const name of names) {
    const value = incoming.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  return new Promise((done) => {
    const failed = (status: number | undefined, message: string) => {
      done({ status, contentType: 'text/plain', body: Buffer.from(message) });
    };
    const outgoing = request(`${url}/invocations`, { method: 'POST', headers, agent: false });
    const timer = setTimeout(() => {
      outgoing.destroy();
      failed(0, 'Your invocation timed out while waiting for a response from container primary.');
    }, timeoutSeconds * 1000);
    outgoing.on('error', (error) => {
      clearTimeout(timer);
      failed(undefined, `The container could not be reached: ${error.message}`);
    });
    outgoing.on('response', async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        clearTimeout(timer);
        const contentType = response.headers['content-type'] ?? 'application/octet-stream';
        done({ status: response.statusCode ?? 500, contentType, body: Buffer.concat(chunks) });
      } catch (error) {
        clearTimeout(timer);
        failed(undefined, `The container's answer broke off: ${(error as Error).message}`);
      }
    });
    outgoing.end(body);
  });
}

/** undefined when it is too large. */
async function readBody(incoming: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size <= maximumRequestBytes) chunks.push(chunk as Buffer);
  }
  return size <= maximumRequestBytes ? Buffer.concat(chunks) : undefined;
}

function fail(outgoing: ServerResponse, status: number, type: string, body: object): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type });
  outgoing.end(JSON.stringify(body));
}

function listen(server: Server): Promise<void> {
  return new Promise((done) => server.listen(0, loopback, done));
}
