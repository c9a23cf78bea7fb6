import * as z from 'zod';
import { MissingArtefactError, UnavailableError, ValidationError } from '#lib/contracts/errors.ts';
import { parseExactJson } from '../exact-json.ts';
import { openApiDocument } from '../openapi.ts';
import { type Operation, operationOf } from './operations.ts';

/** A request of a function URL or an HTTP API (payload format 2.0), as far as it matters here. */
export const httpRequest = z.object({
  version: z.literal('2.0'),
  rawPath: z.string().default('/'),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
  requestContext: z.object({ http: z.object({ method: z.string() }) }),
});

export type HttpRequest = z.infer<typeof httpRequest>;

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Bytes of a request; ten thousand ids of 100 characters. */
export const maximumBodyBytes = 1024 * 1024;

/** What `answer` makes of the path and the body of a request. */
export async function respond(
  request: HttpRequest,
  answer: (operation: Operation, body: unknown) => Promise<unknown>,
): Promise<HttpResponse> {
  const { method } = request.requestContext.http;
  if (method === 'GET' && request.rawPath.endsWith('/openapi.json')) {
    return response(200, openApiDocument());
  }
  const operation = operationOf(request.rawPath);
  if (operation === undefined) {
    const message = 'There is nothing at this path: ask /recommend, /similar or /rerank.';
    return response(404, { error: 'NotFound', message });
  }
  return response(200, await answer(operation, bodyOf(request)));
}

/** @throws ValidationError when it is not a POST of JSON, or too large */
function bodyOf(request: HttpRequest): unknown {
  const { method } = request.requestContext.http;
  if (method !== 'POST') {
    throw new ValidationError(`Send a POST request with a JSON body, not a ${method} request.`);
  }
  const text = request.body ?? '';
  const bytes = Buffer.byteLength(text, request.isBase64Encoded === true ? 'base64' : 'utf8');
  if (bytes > maximumBodyBytes) {
    throw new ValidationError(
      `The body has ${bytes} bytes, at most ${maximumBodyBytes} are taken. Send the end of the history only: older items tell the model nothing.`,
    );
  }
  const decoded = request.isBase64Encoded === true ? Buffer.from(text, 'base64').toString() : text;
  try {
    return parseExactJson(decoded);
  } catch (error) {
    if (error instanceof ValidationError) throw error;
    const reason = (error as Error).message.slice(0, 200);
    throw new ValidationError(`The body is not JSON: ${reason}`, { cause: error });
  }
}

/**
 * The answer to a request that the caller, or time, can put right.
 *
 * @throws any other failure again: it has to count as an error of the function
 */
export function refusalOrThrow(error: unknown): HttpResponse {
  if (error instanceof ValidationError) {
    return response(400, { error: error.code, message: error.message });
  }
  if (error instanceof MissingArtefactError || error instanceof UnavailableError) {
    return response(503, { error: error.code, message: error.message }, { 'retry-after': '30' });
  }
  throw error;
}

function response(
  statusCode: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(value),
  };
}
