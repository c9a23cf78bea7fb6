import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { storedObjects } from '#cli/artefacts/stored-objects.ts';
import { FolderInUse } from '#local/errors.ts';
import { DiskObjects } from '#local/object-store/objects.ts';
import { openStoredObjects, type StoredObjects } from '#local/stored-objects.ts';
import type { Objects } from '#platform/objects.ts';
import { temporaryFolder } from '../temporary/folders.ts';

const bucket = 'data';
let folder: string;
/** Whoever works in the folder. */
let owner: StoredObjects;
let written: Objects;

beforeEach(async () => {
  folder = temporaryFolder('stored');
  // A folder with a store that was closed before.
  const first = new DiskObjects(join(folder, 's3'));
  first.createBucket(bucket);
  first.close();
  owner = openStoredObjects(folder);
  written = storedObjects(owner.disk, bucket);
  await written.putBytes('a', 'one');
});

const text = async (objects: Objects, key: string) =>
  Buffer.from(await objects.getBytes(key)).toString();

describe('Function: openStoredObjects', () => {
  it('shows those who only look what somebody who works there has written', async () => {
    const seen = openStoredObjects(folder, 'looks');
    const objects = storedObjects(seen.disk, bucket);

    expect(seen.isInUse).toBe(true);
    expect(seen.buckets).toEqual([bucket]);
    expect(await text(objects, 'a')).toBe('one');
    expect(() => openStoredObjects(folder)).toThrow(FolderInUse);
    seen.stop();
    owner.stop();
  });

  it('shows an object that is replaced while they look', async () => {
    const seen = openStoredObjects(folder, 'looks');
    const objects = storedObjects(seen.disk, bucket);

    await written.putBytes('a', 'two');

    expect(await text(objects, 'a')).toBe('two');
    owner.stop();
  });

  it('lets them change nothing, not what is being uploaded either', async () => {
    // Arrange
    const upload = owner.disk.createMultipartUpload(bucket, 'b', 'text/plain');
    const { etag } = owner.disk.uploadPart(upload, 1, Buffer.from('part'));
    const bodies = readdirSync(join(folder, 's3', 'bodies'));
    const seen = openStoredObjects(folder, 'looks');
    const objects = storedObjects(seen.disk, bucket);

    // Act
    const put = objects.putBytes('c', randomUUID());
    const removed = objects.remove(['a']);

    // Assess
    await expect(put).rejects.toThrow('nothing can be written');
    await expect(removed).rejects.toThrow('nothing can be written');
    expect(readdirSync(join(folder, 's3', 'bodies'))).toEqual(bodies);
    owner.disk.completeMultipartUpload(upload, [{ partNumber: 1, etag }]);
    expect(await text(written, 'b')).toBe('part');
    expect(await text(written, 'a')).toBe('one');
    owner.stop();
  });

  it('takes the folder for those who only look where nobody works', () => {
    owner.stop();

    const seen = openStoredObjects(folder, 'looks');

    expect(seen.isInUse).toBe(false);
    expect(() => openStoredObjects(folder)).toThrow(FolderInUse);
    seen.stop();
  });

  it('leaves the folder to others for those who watch, and shows them what these write', async () => {
    // Arrange
    owner.stop();
    const seen = openStoredObjects(folder, 'watches');
    const objects = storedObjects(seen.disk, bucket);

    // Act: a cloud comes, writes and goes
    const later = openStoredObjects(folder);
    const writing = storedObjects(later.disk, bucket);
    await writing.putBytes('b', 'new');
    await writing.putBytes('a', 'two');
    const meanwhile = await text(objects, 'b');
    later.stop();

    // Assess
    expect(meanwhile).toBe('new');
    expect(await text(objects, 'a')).toBe('two');
    const keys: string[] = [];
    for await (const { key } of objects.list('')) keys.push(key);
    expect(keys).toEqual(['a', 'b']);
    seen.stop();
  });
});
