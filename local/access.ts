import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { loopback } from './processes/addresses.ts';

/** What a client of the local services signs its requests with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Credentials that nobody can guess. */
export function newCredentials(): Credentials {
  const random = () => randomBytes(20).toString('hex').toUpperCase();
  return { accessKeyId: `LOCAL${random()}`, secretAccessKey: random() };
}

export interface AccessRequest {
  readonly headers: IncomingHttpHeaders;
  /** Path and query. */
  readonly url: string;
}

/**
 * Says why a request is refused; undefined when it is let in.
 *
 * On loopback, other people's programs and every web page that is open in a browser reach a server. Whoever knows the
 * access key id is let in: it is random, and only the processes of the one who started the cloud get it. Its signature
 * would prove no more. A web page that had its own name point to this machine is known by the name it asks for.
 *
 * @param port at which the server listens
 */
export function refusal(
  { headers, url }: AccessRequest,
  { accessKeyId }: Credentials,
  port: number,
): string | undefined {
  const host = headers.host ?? '';
  if (host !== `${loopback}:${port}` && host !== `localhost:${port}`) {
    return `This is ${loopback}:${port}, not ${host}.`;
  }
  const { searchParams } = new URL(url, `http://${loopback}`);
  const signed = /Credential=([^/,\s]+)\//.exec(headers.authorization ?? '')?.[1];
  const presigned = searchParams.get('X-Amz-Credential')?.split('/')[0];
  if (isSame(signed ?? presigned ?? '', accessKeyId)) return undefined;
  return 'The AWS access key id you provided does not exist in our records.';
}

/** In a time that does not depend on how much of it is right. */
function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
