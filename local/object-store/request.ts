import { S3Error } from './s3-error.ts';

/** The parts of a Fastify request and reply that the hooks use. */
export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly params: unknown;
  readonly query: unknown;
  body: unknown;
}

export interface Reply {
  statusCode: number;
  header(name: string, value: string | number): Reply;
  status(code: number): Reply;
  send(payload?: unknown): Reply;
}

/** An S3 request taken apart; `key` is empty for a request about the bucket. */
export interface S3Request {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
}

/** undefined for what is not S3 (SQS, SNS, health). */
export function s3Request(request: Request): S3Request | undefined {
  const params = request.params as { bucket?: string; '*'?: string } | undefined;
  if (params?.bucket === undefined) return undefined;
  return {
    method: request.method,
    bucket: params.bucket,
    key: params['*'] ?? '',
    query: (request.query ?? {}) as Record<string, string>,
  };
}

export function header(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** Answers an error as S3 does; HEAD has no body. */
export function sendError(request: Request, reply: Reply, error: unknown): void {
  if (!(error instanceof S3Error)) throw error;
  const { statusCode, toXml } = error as Error & { statusCode: number; toXml(): string };
  reply.status(statusCode);
  if (request.method === 'HEAD') reply.send();
  else reply.header('content-type', 'application/xml').send(toXml.call(error));
}
