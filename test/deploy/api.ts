import { SignatureV4 } from '@smithy/signature-v4';
import type * as z from 'zod';
import { Sha256 } from '../platform/sha256.ts';
import { type Address, region } from './emulator.ts';

export interface SignedRequest {
  readonly service: string;
  readonly method?: 'GET' | 'POST';
  readonly path?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request of the account's root user. */
export async function send(address: Address, request: SignedRequest): Promise<Response> {
  const { service, method = 'POST', path = '/', body } = request;
  const { contentType = 'application/json', headers: more = {} } = request;
  const url = new URL(path, address.endpoint);
  const signer = new SignatureV4({
    service,
    region,
    sha256: Sha256,
    credentials: {
      accessKeyId: address.environment.AWS_ACCESS_KEY_ID!,
      secretAccessKey: address.environment.AWS_SECRET_ACCESS_KEY!,
    },
  });
  const { headers } = await signer.sign({
    method,
    protocol: url.protocol,
    hostname: url.hostname,
    port: Number(url.port),
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, 'content-type': contentType, ...more },
    ...(body === undefined ? {} : { body }),
  });
  return fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
}

/** A call of a service that speaks JSON. @param target for example `AmazonSQS.GetQueueUrl` */
export async function call<Answer>(
  address: Address,
  service: string,
  target: string,
  input: object,
  answer: z.ZodType<Answer>,
): Promise<Answer> {
  const response = await send(address, {
    service,
    contentType: 'application/x-amz-json-1.0',
    headers: { 'x-amz-target': target },
    body: JSON.stringify(input),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${target} failed with ${response.status}: ${text}`);
  return answer.parse(JSON.parse(text));
}
