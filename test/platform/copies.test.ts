import { randomBytes } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COPY_PART_BYTES, copyObject } from '#platform/copies.ts';
import { createObjects } from '#platform/objects.ts';
import { startServer, type TestServer } from './server.ts';

const MEBIBYTE = 1024 * 1024;
const GIBIBYTE = 1024 * MEBIBYTE;

interface Sent {
  readonly name: string;
  readonly input: Record<string, unknown>;
}

/** An S3 with one object of some size, which holds to S3's limit for copies in one request. */
function s3WithObject(bytes: number, breaks: (sent: Sent) => boolean = () => false) {
  const sent: Sent[] = [];
  const answers: Readonly<Record<string, object>> = {
    HeadObjectCommand: { ContentLength: bytes, ETag: '"v1"', ContentType: 'a/b' },
    CreateMultipartUploadCommand: { UploadId: 'upload' },
    UploadPartCopyCommand: { CopyPartResult: { ETag: '"part"' } },
  };
  const send = async (command: { constructor: { name: string }; input: Sent['input'] }) => {
    const one = { name: command.constructor.name, input: command.input };
    sent.push(one);
    if (one.name === 'CopyObjectCommand' && bytes > 5 * GIBIBYTE) {
      throw Object.assign(new Error('larger than the maximum allowable size for a copy source'), {
        name: 'InvalidRequest',
      });
    }
    if (breaks(one)) throw new Error('broken');
    return answers[one.name] ?? {};
  };
  const named = (name: string) => sent.filter((one) => one.name === name).map(({ input }) => input);
  return { client: { send } as unknown as S3Client, named };
}

const copy = { bucket: 'data', from: 'a/decoder.safetensors', to: 'b/decoder.safetensors' };

describe('Function: copyObject', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer('copies-test', 'unused');
  });
  afterAll(() => server.stop());

  it.each([5 * GIBIBYTE + 1, 16 * GIBIBYTE + 12_345])(
    'copies %i bytes in parts that leave nothing out, of one version',
    async (bytes) => {
      // Arrange
      const s3 = s3WithObject(bytes);
      // Act
      await copyObject(s3.client, copy, COPY_PART_BYTES);
      // Assess
      const parts = s3.named('UploadPartCopyCommand');
      const ranges = parts
        .map(({ CopySourceRange }) => /^bytes=(\d+)-(\d+)$/.exec(String(CopySourceRange))!)
        .map(([, first, last]) => [Number(first), Number(last)] as const)
        .sort(([a], [b]) => a - b);
      expect(ranges[0]![0]).toBe(0);
      for (const [index, [first]] of ranges.slice(1).entries()) {
        expect(first).toBe(ranges[index]![1] + 1);
      }
      expect(ranges.at(-1)![1]).toBe(bytes - 1);
      for (const { CopySourceIfMatch } of parts) expect(CopySourceIfMatch).toBe('"v1"');
      const [{ MultipartUpload }] = s3.named('CompleteMultipartUploadCommand') as [
        { MultipartUpload: { Parts: { PartNumber: number }[] } },
      ];
      expect(MultipartUpload.Parts.map(({ PartNumber }) => PartNumber)).toStrictEqual(
        ranges.map((_, index) => index + 1),
      );
      expect(s3.named('CreateMultipartUploadCommand')).toMatchObject([{ ContentType: 'a/b' }]);
    },
  );

  it('leaves nothing of a copy that broke', async () => {
    // Arrange
    const s3 = s3WithObject(8 * GIBIBYTE, ({ input }) => input.PartNumber === 3);
    // Act
    const copying = copyObject(s3.client, copy, COPY_PART_BYTES);
    // Assess
    await expect(copying).rejects.toThrow('broken');
    expect(s3.named('AbortMultipartUploadCommand')).toMatchObject([{ UploadId: 'upload' }]);
    expect(s3.named('CompleteMultipartUploadCommand')).toStrictEqual([]);
  });

  it('gives what was there, in several parts', async () => {
    // Arrange
    const objects = createObjects(server.s3, 'copies-test', { copyPartBytes: 5 * MEBIBYTE });
    const content = randomBytes(11 * MEBIBYTE + 7);
    await objects.putBytes('from/weights with space', content);
    // Act
    await objects.copy('from/weights with space', 'to/weights');
    // Assess
    expect(Buffer.from(await objects.getBytes('to/weights')).equals(content)).toBe(true);
    expect((await objects.head('to/weights'))?.etag).toMatch(/-3"$/);
  });
});
