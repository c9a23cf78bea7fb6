import { checksum } from './multipart.ts';
import type { ObjectRecord } from './object-index.ts';
import type { DiskObjects } from './objects.ts';
import { header, type Request, type S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

/** True for the three requests that make an object: PUT, COPY and the end of a multipart upload. */
export function createsObject(s3: S3Request): boolean {
  if (s3.key === '') return false;
  if (s3.method === 'PUT') return !('uploadId' in s3.query);
  return s3.method === 'POST' && 'uploadId' in s3.query;
}

/**
 * Turns the body of an upload into the object's own bytes: `aws-chunked` framing is taken off (leaving any other
 * content encoding in place) and the checksum that the client sent is verified.
 *
 * @throws S3Error 400 BadDigest when bytes were lost or changed on the way
 */
export function unwrapBody(request: Request, s3: S3Request): void {
  if (s3.method !== 'PUT' || s3.key === '' || header(request, 'x-amz-copy-source') !== undefined) {
    return;
  }
  request.body ??= Buffer.alloc(0);
  if (!Buffer.isBuffer(request.body)) {
    const type = header(request, 'content-type');
    throw new S3Error(
      'NotImplemented',
      `Objects with content type ${type} are not supported.`,
      501,
    );
  }
  const encodings = (header(request, 'content-encoding') ?? '').split(',').map((e) => e.trim());
  if (encodings.includes('aws-chunked')) {
    const { body, trailers } = decodeChunks(request.body);
    const expected = Number(header(request, 'x-amz-decoded-content-length') ?? body.length);
    if (body.length !== expected) {
      throw new S3Error('IncompleteBody', `Got ${body.length} bytes of ${expected}.`, 400);
    }
    request.body = body;
    Object.assign(request.headers, trailers);
    const others = encodings.filter((encoding) => encoding !== 'aws-chunked').join(', ');
    if (others === '') delete request.headers['content-encoding'];
    else request.headers['content-encoding'] = others;
  }
  verifyChecksum(request, request.body as Buffer);
}

function verifyChecksum(request: Request, body: Buffer): void {
  for (const algorithm of ['CRC32', 'SHA1', 'SHA256'] as const) {
    const sent = header(request, `x-amz-checksum-${algorithm.toLowerCase()}`);
    if (sent === undefined || sent === checksum(algorithm, body)) continue;
    throw new S3Error('BadDigest', `The ${algorithm} you specified did not match the body.`, 400);
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
function decodeChunks(wire: Buffer): { body: Buffer; trailers: Record<string, string> } {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const end = wire.indexOf('\r\n', offset);
    const size = Number.parseInt(wire.toString('latin1', offset, end).split(';')[0]!, 16);
    if (end === -1 || !(size >= 0)) {
      throw new S3Error('IncompleteBody', 'The aws-chunked body ends early.', 400);
    }
    offset = end + 2;
    if (size === 0) break;
    chunks.push(wire.subarray(offset, offset + size));
    offset += size + 2;
  }
  const trailers: Record<string, string> = {};
  for (const line of wire.toString('latin1', offset).split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0)
      trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { body: Buffer.concat(chunks), trailers };
}

/**
 * Checks `If-None-Match: *` and `If-Match` of a write against the object as it is now. The write follows in the
 * same turn of the event loop, so of several writers exactly one wins.
 *
 * @throws S3Error 412 PreconditionFailed, or 404 NoSuchKey for `If-Match` on an object that is not there
 */
export function checkConditions(request: Request, s3: S3Request, objects: DiskObjects): void {
  if (!createsObject(s3) && !(s3.method === 'DELETE' && s3.key !== '')) return;
  const wanted = header(request, 'if-match');
  if (header(request, 'if-none-match') === undefined && wanted === undefined) return;
  const existing: ObjectRecord | undefined = objects.find(s3.bucket, s3.key);
  if (wanted !== undefined) {
    if (existing === undefined) {
      throw new S3Error('NoSuchKey', `The specified key does not exist: ${s3.key}`, 404);
    }
    if (wanted === '*' || sameTag(wanted, existing.etag)) return;
  } else if (existing === undefined) {
    return;
  }
  throw new S3Error(
    'PreconditionFailed',
    'At least one of the pre-conditions you specified did not hold',
    412,
  );
}

export function sameTag(a: string, b: string): boolean {
  return a.replaceAll('"', '') === b.replaceAll('"', '');
}
