import { join } from 'node:path';
import { ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';
import { UsageError } from './options.ts';

/** Where a data bucket is: a folder that this machine's nights work in, or a bucket on AWS. */
export type BucketPlace = { readonly out: string } | { readonly bucket: string };

/** Options of a command that reads or changes a data bucket. */
export const placeOptions = { out: { type: 'string' }, bucket: { type: 'string' } } as const;

/** The same for its usage. */
export const placeUsage = `  --out DIR      the folder of \`lea run\` or \`lea demo\` on this machine
  --bucket NAME  the data bucket on AWS (stack output DataBucketName), with the credentials that the AWS SDK finds`;

/** @throws UsageError unless exactly one place is given */
export function readPlace({
  out,
  bucket,
}: {
  readonly out?: string | undefined;
  readonly bucket?: string | undefined;
}): BucketPlace {
  if (out !== undefined && bucket === undefined) return { out };
  if (bucket !== undefined && out === undefined) return { bucket };
  throw new UsageError('Either --out or --bucket is needed.');
}

/**
 * Works with a data bucket, by the same code wherever it is.
 *
 * @throws ValidationError when no night has worked in the folder, LocalError while one is at work there
 */
export async function withBucket<Result>(
  place: BucketPlace,
  work: (objects: Objects) => Promise<Result>,
): Promise<Result> {
  const { createObjects } = await import('#platform/objects.ts');
  if ('bucket' in place) {
    const { createS3Client } = await import('#platform/clients.ts');
    return await work(createObjects(createS3Client(), place.bucket));
  }
  const { openStoredObjects } = await import('#local/stored-objects.ts');
  const stored = await openStoredObjects(join(place.out, 'cloud'));
  try {
    for (const bucket of stored.buckets) {
      const objects = createObjects(stored.s3, bucket);
      for await (const _ of objects.folders(runs.root)) return await work(objects);
    }
  } finally {
    await stored.stop();
  }
  throw new ValidationError(
    `No night has begun in ${place.out} yet: \`npx lea run --out ${place.out} ...\` does the first.`,
  );
}
