import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { inParallel } from './in-parallel.ts';

/**
 * What one request copies at most. S3's own limit for a whole object is 5 GiB, which the weights of a language model
 * exceed; smaller parts are copied at the same time.
 */
export const COPY_PART_BYTES = 512 * 1024 * 1024;
/** Parts that are copied at the same time. */
const CONCURRENT_PARTS = 8;

/** An object to copy inside of its bucket. */
export interface Copy {
  readonly bucket: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Copies an object inside its bucket, whatever its size, without its bytes passing through here. The copy is there as
 * a whole or not at all, and of one version of the source.
 *
 * @throws what S3 says
 */
export async function copyObject(
  client: S3Client,
  { bucket, from, to }: Copy,
  partBytes: number,
): Promise<void> {
  const source = `${bucket}/${from.split('/').map(encodeURIComponent).join('/')}`;
  const target = { Bucket: bucket, Key: to };
  const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: from }));
  const bytes = found.ContentLength ?? 0;
  const unchanged = { CopySource: source, CopySourceIfMatch: found.ETag };
  if (bytes <= partBytes) {
    await client.send(new CopyObjectCommand({ ...target, ...unchanged }));
    return;
  }
  const begun = await client.send(
    new CreateMultipartUploadCommand({
      ...target,
      ContentType: found.ContentType,
      Metadata: found.Metadata,
    }),
  );
  const upload = { ...target, UploadId: begun.UploadId };
  try {
    const parts = Array.from({ length: Math.ceil(bytes / partBytes) }, (_, part) => part);
    const Parts = await inParallel(
      parts,
      CONCURRENT_PARTS,
      async (part): Promise<CompletedPart> => {
        const [first, last] = [part * partBytes, Math.min(bytes, (part + 1) * partBytes) - 1];
        const PartNumber = part + 1;
        const range = { CopySourceRange: `bytes=${first}-${last}` };
        const copied = await client.send(
          new UploadPartCopyCommand({ ...upload, ...unchanged, ...range, PartNumber }),
        );
        return { PartNumber, ETag: copied.CopyPartResult?.ETag };
      },
    );
    await client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }),
    );
  } catch (error) {
    // What cannot be tidied up now, the bucket's lifecycle rule removes.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
    throw error;
  }
}
