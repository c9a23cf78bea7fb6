import { randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { MissingArtefactError, PipelineError, ValidationError } from '#lib/contracts/errors.ts';
import { reports, runs, uploads } from '#lib/contracts/keys.ts';
import { runName } from '#lib/contracts/run.ts';
import { uploadReport } from '#lib/interactions/report.ts';
import type { Objects } from '#platform/objects.ts';
import { uploadPage } from '../artefacts/upload-page.ts';
import { createAnswers } from './answers.ts';
import { createService } from './service.ts';

/** A page that shows a bucket to whoever started it. */
export interface OpenPage {
  /** With the key that lets a browser in. */
  readonly url: string;
  stop(): Promise<void>;
}

const folder = join(import.meta.dirname, 'page');
const files: Readonly<Record<string, readonly [file: string, type: string]>> = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/page.js': ['page.js', 'text/javascript; charset=utf-8'],
};

/** Nothing comes from elsewhere, and nothing that people's data hold can run. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A report has its style in it and needs nothing else. */
const reportPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const commonHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
} as const;

const addressNeeded =
  'Open the address that `lea open` has printed: the key in it lets your browser in.\n';

/**
 * Serves the page on loopback, to whoever has the key of this start; nothing can be changed through it.
 *
 * @param port 0 for a free one
 */
export async function startPage(objects: Objects, port = 0): Promise<OpenPage> {
  const service = createService(objects);
  const answers = createAnswers(objects, service);
  const key = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    answer(request)
      .catch(refusal)
      .then(({ status, headers, body }) => send(request, response, status, headers, body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const own = (server.address() as AddressInfo).port;
  const hosts = [`127.0.0.1:${own}`, `localhost:${own}`];
  const cookie = `lea-open-${own}`;

  async function answer(request: IncomingMessage): Promise<Reply> {
    // A name that leads here from elsewhere (DNS rebinding) is none of these.
    if (!hosts.includes(request.headers.host ?? '')) return text(403, 'This is not that host.\n');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { ...text(405, 'Nothing can be changed here.\n'), headers: { allow: 'GET, HEAD' } };
    }
    const url = new URL(request.url ?? '/', `http://${hosts[0]}`);
    const given = url.searchParams.get('key');
    if (url.pathname === '/' && given !== null && isKey(given)) {
      const value = `${cookie}=${key}; Path=/; HttpOnly; SameSite=Strict`;
      return { status: 303, headers: { location: '/', 'set-cookie': value }, body: '' };
    }
    if (!isKey(cookieOf(request, cookie))) return text(403, addressNeeded);
    const file = files[url.pathname];
    if (file !== undefined) {
      const [name, type] = file;
      const headers = { 'content-type': type, 'content-security-policy': pagePolicy };
      return { status: 200, headers, body: readFileSync(join(folder, name)) };
    }
    const name = /^\/api\/([a-z]+)$/.exec(url.pathname)?.[1];
    if (name !== undefined && Object.hasOwn(answers, name)) {
      return json(200, await answers[name]!(Object.fromEntries(url.searchParams)));
    }
    const headers = {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': reportPolicy,
    };
    const upload = /^\/uploads\/([A-Za-z0-9-]{1,100})\/page$/.exec(url.pathname)?.[1];
    if (upload !== undefined) {
      const found = await objects.getVersion(uploads.report(upload), uploadReport);
      if (found === undefined) return text(404, 'There is no such upload.\n');
      return { status: 200, headers, body: await uploadPage(objects, found.value) };
    }
    const report = reportOf(url.pathname);
    if (report === undefined) return text(404, 'There is nothing here.\n');
    return { status: 200, headers, body: await objects.getBytes(report) };
  }

  function isKey(given: string): boolean {
    const [a, b] = [Buffer.from(given), Buffer.from(key)];
    return a.length === b.length && timingSafeEqual(a, b);
  }

  return {
    url: `http://${hosts[0]}/?key=${key}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await service.close();
    },
  };
}

interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string | Uint8Array;
}

/** The report that a path names: only reports can be had by path, whatever else the bucket has. */
function reportOf(path: string): string | undefined {
  if (path === `/${reports.index}`) return reports.index;
  const run = runName.safeParse(path.split('/')[2]);
  return run.success && path === `/${runs.report(run.data)}` ? runs.report(run.data) : undefined;
}

function cookieOf({ headers }: IncomingMessage, name: string): string {
  const all = (headers.cookie ?? '').split(';').map((one) => one.trim());
  return all.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

function send(
  { method }: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
  body: string | Uint8Array,
): void {
  response.writeHead(status, { ...commonHeaders, ...headers });
  response.end(method === 'HEAD' ? undefined : body);
}

const text = (status: number, body: string): Reply => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body,
});

const json = (status: number, value: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

/** What the page shows in place of an answer. */
function refusal(error: unknown): Reply {
  const status =
    error instanceof ValidationError ? 400 : error instanceof MissingArtefactError ? 404 : 500;
  const known = error instanceof PipelineError;
  if (!known) console.error(error);
  const message = known
    ? error.message
    : `This is a defect: ${(error as Error).message}. The terminal shows more.`;
  return json(status, { error: known ? error.code : 'Error', message });
}
