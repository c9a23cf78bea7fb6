import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { Objects } from '#platform/objects.ts';
import { UsageError } from './options.ts';

/** Where a data bucket is: a folder that this machine's nights work in, or a bucket on AWS. */
export type BucketPlace =
  | { readonly out: string }
  | { readonly bucket: string }
  | { readonly environment: string };

/** Options of a command that reads or changes a data bucket. */
export const placeOptions = {
  out: { type: 'string' },
  bucket: { type: 'string' },
  environment: { type: 'string' },
} as const;

/** The same for its usage. */
export const placeUsage = `  --out DIR      the folder of \`lea run\` or \`lea demo\` on this machine
  --bucket NAME  the data bucket on AWS (stack output DataBucketName), with the credentials that the AWS SDK finds
  --environment NAME  the same by the name of the deployment (dev of lea-dev-data), which has to let you see its stacks`;

/** @throws UsageError unless exactly one place is given */
export function readPlace({
  out,
  bucket,
  environment,
}: {
  readonly out?: string | undefined;
  readonly bucket?: string | undefined;
  readonly environment?: string | undefined;
}): BucketPlace {
  const given = [out, bucket, environment].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new UsageError('Exactly one of --out, --bucket and --environment is needed.');
  }
  if (out !== undefined) return { out };
  return bucket !== undefined ? { bucket } : { environment: environment! };
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
  if (!('out' in place)) {
    const [{ createObjects }, { createS3Client }] = await Promise.all([
      import('#platform/objects.ts'),
      import('#platform/clients.ts'),
    ]);
    const bucket = 'bucket' in place ? place.bucket : await bucketOf(place.environment);
    return await work(createObjects(createS3Client(), bucket));
  }
  const [{ openStoredObjects }, { storedObjects }] = await Promise.all([
    import('#local/stored-objects.ts'),
    import('../artefacts/stored-objects.ts'),
  ]);
  const folder = join(place.out, 'cloud');
  if (!existsSync(folder)) throw nothingYet(place.out);
  const stored = openStoredObjects(folder);
  try {
    for (const bucket of stored.buckets) {
      const objects = storedObjects(stored.disk, bucket);
      for await (const _ of objects.folders(runs.root)) return await work(objects);
    }
  } finally {
    stored.stop();
  }
  throw nothingYet(place.out);
}

const nothingYet = (out: string) =>
  new ValidationError(
    `No night has begun in ${out} yet: \`npx lea run --out ${out} ...\` does the first.`,
  );

/** @throws MissingArtefactError where there is no such deployment */
async function bucketOf(environment: string): Promise<string> {
  const { callerEnvironment } = await import('#platform/caller.ts');
  const { readStackOutputs } = await import('#platform/stack-outputs.ts');
  const stack = `lea-${environment}-data`;
  const bucket = (await readStackOutputs(stack, await callerEnvironment())).get('DataBucketName');
  if (bucket !== undefined) return bucket;
  throw new MissingArtefactError(
    `The stack ${stack} has no output DataBucketName: deploy it anew.`,
  );
}
