import { closeSync, createReadStream } from 'node:fs';
import type { ObjectRecord } from './object-index.ts';
import type { DiskObjects } from './objects.ts';
import { header, type Reply, type Request, type S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';
import { sameTag } from './writes.ts';

/** Bytes `start..end` (inclusive) of an object. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Answers GetObject and HeadObject: conditions, ranges and parts, streamed from the file (fauxqs would load the
 * whole object for every range).
 *
 * @throws S3Error as S3 answers
 */
export function readObject(
  request: Request,
  reply: Reply,
  s3: S3Request,
  objects: DiskObjects,
): void {
  const { record, descriptor } = objects.open(s3.bucket, s3.key);
  try {
    if (isUnmodified(request, record)) {
      closeSync(descriptor);
      reply.status(304).header('etag', record.etag).send();
      return;
    }
    const part = s3.query.partNumber;
    const range =
      part === undefined
        ? parseRange(header(request, 'range'), record.contentLength)
        : partRange(record, Number(part));
    describeObject(reply, record);
    if (range === undefined) describeChecksum(request, reply, record);
    else {
      reply.status(206);
      reply.header('content-range', `bytes ${range.start}-${range.end}/${record.contentLength}`);
    }
    const { start, end } = range ?? { start: 0, end: record.contentLength - 1 };
    reply.header('content-length', end - start + 1);
    if (s3.method === 'HEAD' || record.contentLength === 0) {
      closeSync(descriptor);
      reply.send();
    } else {
      reply.send(createReadStream('', { fd: descriptor, start, end }));
    }
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** @returns true when the answer is 304; RFC 9110 13.2.2 gives the order of the conditions */
function isUnmodified(request: Request, record: ObjectRecord): boolean {
  const modified = Math.floor(record.lastModified.getTime() / 1000) * 1000;
  const match = header(request, 'if-match');
  const unmodifiedSince = header(request, 'if-unmodified-since');
  const holds =
    match !== undefined
      ? match === '*' || sameTag(match, record.etag)
      : unmodifiedSince === undefined || modified <= Date.parse(unmodifiedSince);
  if (!holds) {
    throw new S3Error(
      'PreconditionFailed',
      'At least one of the pre-conditions you specified did not hold',
      412,
    );
  }
  const noneMatch = header(request, 'if-none-match');
  if (noneMatch !== undefined) return noneMatch === '*' || sameTag(noneMatch, record.etag);
  const modifiedSince = header(request, 'if-modified-since');
  return modifiedSince !== undefined && modified <= Date.parse(modifiedSince);
}

/** A `Range` header; undefined (the whole object) when there is none or it is not in the form of bytes. */
function parseRange(value: string | undefined, total: number): Range | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(value ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const [first, last] = [match[1]!, match[2]!];
  const start = first === '' ? Math.max(0, total - Number(last)) : Number(first);
  const end = first === '' || last === '' ? total - 1 : Math.min(Number(last), total - 1);
  if (start <= end && start < total) return { start, end };
  throw new S3Error('InvalidRange', 'The requested range is not satisfiable', 416);
}

function partRange(record: ObjectRecord, number: number): Range | undefined {
  if (record.parts === undefined && number === 1) return undefined;
  const part = record.parts?.find((candidate) => candidate.partNumber === number);
  if (part !== undefined) return { start: part.offset, end: part.offset + part.length - 1 };
  throw new S3Error('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416);
}

function describeObject(reply: Reply, record: ObjectRecord): void {
  reply
    .header('content-type', record.contentType)
    .header('etag', record.etag)
    .header('accept-ranges', 'bytes')
    .header('last-modified', record.lastModified.toUTCString());
  const optional = {
    'content-language': record.contentLanguage,
    'content-disposition': record.contentDisposition,
    'cache-control': record.cacheControl,
    'content-encoding': record.contentEncoding,
  };
  for (const [name, value] of Object.entries(optional)) {
    if (value !== undefined) reply.header(name, value);
  }
  for (const [name, value] of Object.entries(record.metadata)) {
    reply.header(`x-amz-meta-${name}`, value);
  }
  if (record.parts !== undefined) reply.header('x-amz-mp-parts-count', record.parts.length);
}

function describeChecksum(request: Request, reply: Reply, record: ObjectRecord): void {
  if (header(request, 'x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED') return;
  if (record.checksumAlgorithm === undefined || record.checksumValue === undefined) return;
  reply.header(`x-amz-checksum-${record.checksumAlgorithm.toLowerCase()}`, record.checksumValue);
  reply.header('x-amz-checksum-type', record.checksumType ?? 'FULL_OBJECT');
}
