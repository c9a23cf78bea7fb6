import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

/** `s3://bucket/key`, taken apart. */
export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

function parseS3Uri(uri: string): S3Location {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/.exec(uri);
  if (match === null) throw new Error(`"${uri}" is not an s3:// URI.`);
  return { bucket: match[1]!, key: match[2]! };
}

/** The location of a folder: its key is empty or ends in `/`. */
export function folderLocation(uri: string): S3Location {
  const { bucket, key } = parseS3Uri(uri);
  return { bucket, key: key === '' || key.endsWith('/') ? key : `${key}/` };
}

/**
 * Downloads every object whose key begins with the URI's key, as SageMaker's `S3Prefix` does: a file's path is
 * what follows the prefix, or, for a prefix that ends within a name, what follows its last `/`.
 *
 * @returns the number of files
 */
export async function downloadPrefix(
  s3: S3Client,
  uri: string,
  folder: string,
  signal?: AbortSignal,
): Promise<number> {
  const { bucket, key: prefix } = parseS3Uri(uri);
  await mkdir(folder, { recursive: true });
  const keys = (await listKeys(s3, bucket, prefix)).filter((key) => !key.endsWith('/'));
  await inParallel(keys, async (key) => {
    signal?.throwIfAborted();
    const rest = key.slice(prefix.length);
    const whole = prefix === '' || prefix.endsWith('/') || rest.startsWith('/');
    const path = whole ? rest.replace(/^\//, '') : key.slice(prefix.lastIndexOf('/') + 1);
    const target = join(folder, path);
    if (relative(folder, target).startsWith('..'))
      throw new Error(`${key} leads out of its folder.`);
    await mkdir(dirname(target), { recursive: true });
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    await pipeline(Body as Readable, createWriteStream(target));
  });
  return keys.length;
}

/** Uploads every file of a folder below the location; returns their number. */
export async function uploadFolder(
  s3: S3Client,
  folder: string,
  location: S3Location,
): Promise<number> {
  const files = await listFiles(folder);
  await inParallel(files, (file) => uploadFile(s3, join(folder, file), location, file));
  return files.length;
}

/** In parts when it is large, so that memory stays small. */
export async function uploadFile(
  s3: S3Client,
  path: string,
  { bucket, key }: S3Location,
  file: string,
): Promise<void> {
  const upload = new Upload({
    client: s3,
    partSize: 16 * 1024 * 1024,
    queueSize: 2,
    params: { Bucket: bucket, Key: `${key}${file}`, Body: createReadStream(path) },
  });
  await upload.done();
}

export async function deleteKey(s3: S3Client, { bucket, key }: S3Location): Promise<void> {
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
}

/** All files below a folder, as relative paths with `/`; empty when there is no such folder. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(ifMissing);
  return (entries ?? [])
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
}

/** Size and time of a file; undefined when it is gone. */
export async function fileState(path: string): Promise<{ size: number; time: number } | undefined> {
  const stats = await stat(path).catch(ifMissing);
  return stats && { size: stats.size, time: stats.mtimeMs };
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

async function listKeys(s3: S3Client, Bucket: string, Prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.send(
      new ListObjectsV2Command({ Bucket, Prefix, ...(ContinuationToken && { ContinuationToken }) }),
    );
    keys.push(...(page.Contents ?? []).map((object) => object.Key!));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return keys;
}

/** Four at a time. The first failure lets nothing new begin, and is thrown once all that had begun has ended. */
async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
        queue.length = 0;
      }
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  if (failures.length > 0) throw failures[0];
}
