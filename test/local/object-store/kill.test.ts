import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { startObjectStore } from '#local/object-store/server.ts';
import { temporaryFolder } from '../../temporary/folders.ts';

const program = fileURLToPath(new URL('../fixture/writer.ts', import.meta.url));
let dir: string;

beforeEach(async () => {
  dir = temporaryFolder('kill');
});

/** Lets the writer write for a while, kills it, and returns the number of the last write it was sure of. */
async function writeAndKill(milliseconds: number): Promise<number> {
  const writer = spawn(process.execPath, [program, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  writer.stdout.on('data', (chunk) => {
    output += chunk;
  });
  await once(writer.stdout, 'data');
  await sleep(milliseconds);
  writer.kill('SIGKILL');
  await once(writer, 'close');
  return Number(output.trim().split('\n').at(-1));
}

async function readBack() {
  const store = await startObjectStore({ dir });
  const messages = store
    .createQueue('killed')
    .inspectMessages()
    .ready.map(({ body }) => Number(body));
  const s3 = new S3Client({
    endpoint: store.endpoint,
    region: 'us-east-1',
    credentials: store.credentials,
  });
  const object = await s3.send(new GetObjectCommand({ Bucket: 'killed', Key: 'k' }));
  const bytes = Buffer.from(await object.Body!.transformToByteArray());
  s3.destroy();
  await store.stop();
  return { number: Number(object.Metadata!.number), etag: object.ETag, bytes, messages };
}

describe('Function: startObjectStore, killed', () => {
  it.each([0, 53])('has the last answered write, whole, and every message (%i ms)', async (ms) => {
    // Act
    const answered = await writeAndKill(ms);
    const { number, etag, bytes, messages } = await readBack();

    // Assess
    expect([answered, answered + 1]).toContain(number);
    expect(bytes).toHaveLength(300_000 + number * 1000);
    expect(bytes.every((byte) => byte === number % 256)).toBe(true);
    expect(etag).toBe(`"${createHash('md5').update(bytes).digest('hex')}"`);
    const expected = Array.from({ length: answered }, (_, i) => i + 1);
    expect(messages.slice(0, answered)).toEqual(expected);
    // Bytes of replaced objects are not kept.
    expect(await readdir(join(dir, 's3/bodies'))).toHaveLength(1);
  });

  it('drops a line of the journal that was cut off', async () => {
    // Arrange
    await writeAndKill(0);
    const before = await readBack();
    await appendFile(join(dir, 's3/objects.jsonl'), '{"op":"put","bucket":"killed","reco');
    await appendFile(join(dir, 'sqs/messages.jsonl'), '{"op":"del');

    // Assess
    expect(await readBack()).toEqual(before);
  });
});
