import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Door } from '#lib/serving/door/door.ts';
import {
  type HttpRequest,
  type HttpResponse,
  maximumBodyBytes,
  refusalOrThrow,
  respond,
} from '#lib/serving/door/http.ts';

/** The HTTP API of what is in service, on this machine alone. */
export interface ServedApi {
  /** Ends in a slash; the key in it lets whoever has it in. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Answers on loopback as the deployed function does, below a path that has a key of this start in it: other users of the
 * machine, and pages in a browser, do not know it.
 *
 * @param port 0 for a free one
 */
export async function startApi(door: Door, port = 0): Promise<ServedApi> {
  const key = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    answer(request).then(({ statusCode, headers, body }) => {
      response.writeHead(statusCode, headers).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const own = (server.address() as AddressInfo).port;

  async function answer(request: IncomingMessage): Promise<HttpResponse> {
    const path = (request.url ?? '/').split('?')[0]!;
    const [, given = '', ...rest] = path.split('/');
    if (!isSame(given, key)) {
      return refusal(403, 'Forbidden', 'Ask below the address that `lea serve` has printed.');
    }
    try {
      const asked: HttpRequest = {
        version: '2.0',
        rawPath: `/${rest.join('/')}`,
        body: await bodyOf(request),
        requestContext: { http: { method: request.method ?? 'GET' } },
      };
      const id = randomUUID();
      return await respond(asked, (operation, body) => door.answer(operation, body, id)).catch(
        refusalOrThrow,
      );
    } catch (error) {
      console.error(error);
      return refusal(500, 'Error', 'This is a defect. The terminal shows more.');
    }
  }

  return {
    url: `http://127.0.0.1:${own}/${key}/`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** As much of a request as is taken, and a byte more of one that is too long. */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (bytes <= maximumBodyBytes) chunks.push(chunk);
    bytes += chunk.length;
  }
  return Buffer.concat(chunks)
    .subarray(0, maximumBodyBytes + 1)
    .toString();
}

function isSame(given: string, key: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(key)];
  return a.length === b.length && timingSafeEqual(a, b);
}

const refusal = (statusCode: number, error: string, message: string): HttpResponse => ({
  statusCode,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  body: JSON.stringify({ error, message }),
});
