import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { startObjectStore } from '#local/object-store/server.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const program = fileURLToPath(new URL('../fixture/full-disk.ts', import.meta.url));
let dir: string;

beforeEach(async () => {
  dir = temporaryFolder('full-disk');
});

interface Written {
  readonly objects: readonly string[];
  readonly messages: readonly string[];
  readonly received: number;
  readonly refused: readonly string[];
  readonly warnings: readonly string[];
}

/** Runs the writer until no file may grow beyond some KiB. */
async function writeUntilFull(): Promise<Written> {
  const limited = ['-c', 'ulimit -f 8 && exec "$0" "$@"', process.execPath, program, dir];
  const { stdout } = await promisify(execFile)('bash', limited);
  return JSON.parse(stdout) as Written;
}

/** What a start without the limit finds. */
async function readBack() {
  const store = await startObjectStore({ dir });
  const s3 = new S3Client({
    endpoint: store.endpoint,
    region: 'us-east-1',
    credentials: store.credentials,
  });
  try {
    await s3.send(new PutObjectCommand({ Bucket: 'full', Key: 'afterwards', Body: 'x' }));
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'full' }));
    return {
      objects: Contents.map(({ Key }) => Key!),
      messages: store
        .createQueue('full')
        .inspectMessages()
        .ready.map(({ body }) => body),
    };
  } finally {
    s3.destroy();
    await store.stop();
  }
}

describe('Function: startObjectStore, on a full disk', () => {
  it('refuses what does not fit, takes what does, and has all of that at the next start', async () => {
    // Act
    const written = await writeUntilFull();
    const found = await readBack();

    // Assess
    expect(written.objects.length).toBeGreaterThan(5);
    expect(written.objects).toContain('short');
    expect(written.refused).toEqual(['InsufficientStorage', 'EFBIG']);
    expect(found.objects.toSorted()).toEqual([...written.objects, 'afterwards'].toSorted());
    // All are delivered again, also the one that was deleted: that could not be written down.
    expect(written.received).toBe(written.messages.length);
    expect(found.messages).toEqual(written.messages);
    expect(written.warnings.join('\n')).toContain('EFBIG');
    // A second start reads what the first one has written.
    expect(await readBack()).toEqual(found);
  });
});
