import type { ObjectRecord } from './object-index.ts';
import type { DiskObjects } from './objects.ts';
import type { Reply, S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

interface Page {
  readonly objects: ObjectRecord[];
  readonly prefixes: string[];
  /** The last key or common prefix of a page that is not the last one. */
  readonly next: string | undefined;
}

/**
 * Answers ListObjectsV2. fauxqs sorts keys by locale but pages by code unit, and forgets common prefixes between
 * pages; both lose keys.
 *
 * @throws S3Error 404 NoSuchBucket, 400 InvalidArgument
 */
export function listObjects(reply: Reply, s3: S3Request, objects: DiskObjects): void {
  const { prefix = '', delimiter = '', 'start-after': startAfter = '' } = s3.query;
  const token = s3.query['continuation-token'];
  const maximum = Math.min(1000, Number(s3.query['max-keys'] ?? 1000));
  if (!(maximum >= 0)) throw new S3Error('InvalidArgument', 'max-keys is not a number', 400);
  const after = token === undefined ? startAfter : Buffer.from(token, 'base64url').toString();
  const page = collect(objects, s3.bucket, prefix, delimiter, after, maximum);
  const text =
    s3.query['encoding-type'] === 'url'
      ? (value: string) => encodeURIComponent(value).replaceAll('%2F', '/')
      : escapeXml;
  const parts = [
    `<Name>${s3.bucket}</Name><Prefix>${text(prefix)}</Prefix>`,
    `<KeyCount>${page.objects.length + page.prefixes.length}</KeyCount>`,
    `<MaxKeys>${maximum}</MaxKeys><IsTruncated>${page.next !== undefined}</IsTruncated>`,
    ...(delimiter === '' ? [] : [`<Delimiter>${text(delimiter)}</Delimiter>`]),
    ...(startAfter === '' ? [] : [`<StartAfter>${text(startAfter)}</StartAfter>`]),
    ...(token === undefined ? [] : [`<ContinuationToken>${token}</ContinuationToken>`]),
    ...(page.next === undefined
      ? []
      : [
          `<NextContinuationToken>${Buffer.from(page.next).toString('base64url')}</NextContinuationToken>`,
        ]),
    ...(s3.query['encoding-type'] === 'url' ? ['<EncodingType>url</EncodingType>'] : []),
    ...page.objects.map((record) => contents(record, text)),
    ...page.prefixes.map(
      (common) => `<CommonPrefixes><Prefix>${text(common)}</Prefix></CommonPrefixes>`,
    ),
  ];
  reply
    .status(200)
    .header('content-type', 'application/xml')
    .send(
      `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</ListBucketResult>`,
    );
}

function collect(
  store: DiskObjects,
  bucket: string,
  prefix: string,
  delimiter: string,
  after: string,
  maximum: number,
): Page {
  const objects: ObjectRecord[] = [];
  const prefixes: string[] = [];
  let last = '';
  for (const record of store.list(bucket, prefix, after)) {
    const cut = delimiter === '' ? -1 : record.key.indexOf(delimiter, prefix.length);
    const common = cut === -1 ? undefined : record.key.slice(0, cut + delimiter.length);
    if (common !== undefined && (common === prefixes.at(-1) || common === after)) continue;
    if (objects.length + prefixes.length >= maximum) {
      return { objects, prefixes, next: maximum === 0 ? undefined : last };
    }
    if (common === undefined) objects.push(record);
    else prefixes.push(common);
    last = common ?? record.key;
  }
  return { objects, prefixes, next: undefined };
}

function contents(record: ObjectRecord, text: (value: string) => string): string {
  return [
    `<Contents><Key>${text(record.key)}</Key>`,
    `<LastModified>${record.lastModified.toISOString()}</LastModified>`,
    `<ETag>${escapeXml(record.etag)}</ETag><Size>${record.contentLength}</Size>`,
    '<StorageClass>STANDARD</StorageClass></Contents>',
  ].join('');
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
    .replaceAll('\n', '&#10;');
}
