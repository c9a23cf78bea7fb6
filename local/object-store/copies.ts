import type { DiskObjects } from './objects.ts';
import { header, type Reply, type Request, type S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

/**
 * Answers CopyObject and UploadPartCopy from file to file: fauxqs would hold the whole object in memory, and fails above
 * 2 GiB.
 *
 * @returns false when the request is no copy
 * @throws S3Error as S3 answers; 501 for a copy with other metadata
 */
export function answerCopy(
  request: Request,
  reply: Reply,
  s3: S3Request,
  objects: DiskObjects,
): boolean {
  const source = header(request, 'x-amz-copy-source');
  if (s3.method !== 'PUT' || source === undefined) return false;
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/.exec(decodeURIComponent(source)) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new S3Error('InvalidArgument', 'The copy source is not bucket/key', 400);
  }
  const wanted = header(request, 'x-amz-copy-source-if-match');
  if (wanted !== undefined && (objects.find(bucket, key)?.etag ?? wanted) !== wanted) {
    throw new S3Error('PreconditionFailed', 'The copy source is another version', 412);
  }
  if ('uploadId' in s3.query) {
    const range = parseRange(header(request, 'x-amz-copy-source-range'));
    const { uploadId = '', partNumber } = s3.query;
    const part = objects.copyPart({ bucket, key }, uploadId, Number(partNumber), range);
    send(reply, 'CopyPartResult', part.etag, new Date());
    return true;
  }
  if ((header(request, 'x-amz-metadata-directive') ?? 'COPY') !== 'COPY') {
    throw new S3Error('NotImplemented', 'Copies keep the metadata of their source here', 501);
  }
  const record = objects.copyObject({ bucket, key }, s3);
  send(reply, 'CopyObjectResult', record.etag, record.lastModified);
  return true;
}

function parseRange(value: string | undefined): { start: number; end: number } | undefined {
  if (value === undefined) return undefined;
  const match = /^bytes=(\d+)-(\d+)$/.exec(value);
  if (match !== null) return { start: Number(match[1]), end: Number(match[2]) };
  throw new S3Error('InvalidArgument', 'The x-amz-copy-source-range is not bytes=first-last', 400);
}

function send(reply: Reply, result: string, etag: string, modified: Date): void {
  const fields = `<ETag>${etag.replaceAll('"', '&quot;')}</ETag><LastModified>${modified.toISOString()}</LastModified>`;
  reply
    .status(200)
    .header('content-type', 'application/xml')
    .send(`<?xml version="1.0" encoding="UTF-8"?>\n<${result}>${fields}</${result}>`);
}
