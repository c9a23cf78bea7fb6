import { header, type Request, type S3Request } from './request.ts';
import { S3Error } from './s3-error.ts';

const always = ['x-id', ...['x-amz-algorithm', 'x-amz-credential', 'x-amz-date', 'x-amz-expires']];
const signature = ['x-amz-signedheaders', 'x-amz-signature', 'x-amz-content-sha256'];

/** The sub-resources and options that work, by method and kind of request. All else is refused. */
const queries: Readonly<Record<string, readonly string[]>> = {
  'GET bucket': [
    ...['list-type', 'prefix', 'delimiter', 'max-keys', 'start-after'],
    ...['continuation-token', 'encoding-type', 'fetch-owner'],
  ],
  'POST bucket': ['delete'],
  'GET object': ['attributes', 'partnumber'],
  'HEAD object': ['partnumber'],
  'PUT object': ['partnumber', 'uploadid'],
  'POST object': ['uploads', 'uploadid'],
  'DELETE object': ['uploadid'],
};

/** Headers that would change what is stored or who may see it, and that nothing here would honour. */
const headers = [
  /^x-amz-tagging/,
  /^x-amz-acl$/,
  /^x-amz-grant-/,
  /^x-amz-object-lock-/,
  /^x-amz-website-redirect-location$/,
  /^x-amz-server-side-encryption-customer-/,
  /^x-amz-copy-source-if-(?!match$)/,
  /^x-amz-rename-source/,
  /^x-amz-write-offset-bytes$/,
  /^expires$/,
];

/**
 * Refuses what this object store does not do, instead of doing something else silently.
 *
 * @throws S3Error 501 NotImplemented that names the sub-resource or header
 */
export function refuseUnsupported(request: Request, s3: S3Request): void {
  const kind = `${s3.method} ${s3.key === '' ? 'bucket' : 'object'}`;
  const allowed = [...always, ...signature, ...(queries[kind] ?? [])];
  for (const name of Object.keys(s3.query)) {
    if (!allowed.includes(name.toLowerCase())) refuse(`${s3.method} with ?${name}`);
  }
  for (const name of Object.keys(request.headers)) {
    if (headers.some((pattern) => pattern.test(name))) refuse(`the header ${name}`);
  }
  const storageClass = header(request, 'x-amz-storage-class') ?? 'STANDARD';
  if (storageClass !== 'STANDARD') refuse(`storage class ${storageClass}`);
  if (kind === 'POST bucket' && !('delete' in s3.query)) refuse('form uploads (POST Object)');
  if (kind === 'GET bucket' && s3.query['list-type'] !== '2') refuse('ListObjects version 1');
  const noneMatch = header(request, 'if-none-match') ?? '*';
  const writes = s3.method === 'PUT' || s3.method === 'POST';
  if (writes && noneMatch !== '*') refuse(`If-None-Match on a write with another value than *`);
}

function refuse(what: string): never {
  throw new S3Error('NotImplemented', `The local object store does not support ${what}.`, 501);
}
