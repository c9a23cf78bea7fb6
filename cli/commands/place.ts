import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MissingArtefactError, ValidationError } from '#lib/contracts/errors.ts';
import { runs, uploads } from '#lib/contracts/keys.ts';
import { releaseLeftLock } from '#lib/contracts/lock.ts';
import type { Access } from '#local/stored-objects.ts';
import type { Objects } from '#platform/objects.ts';
import { quoted } from '../process/called.ts';
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

/** Work with a data bucket. */
type Work<Result> = (objects: Objects) => Promise<Result>;

/**
 * Works with a data bucket, by the same code wherever it is.
 *
 * @throws ValidationError when nothing has been in the folder, LocalError while somebody is at work there
 */
export const withBucket = <Result>(place: BucketPlace, work: Work<Result>): Promise<Result> =>
  inBucket(place, work, 'writes');

/** The same for work that changes nothing and is soon done, also while a night is at work in the folder. */
export const lookIntoBucket = <Result>(place: BucketPlace, work: Work<Result>): Promise<Result> =>
  inBucket(place, work, 'looks');

/** The same for work that changes nothing and goes on for long: nights can begin and end meanwhile. */
export async function watchBucket<Result>(place: BucketPlace, work: Work<Result>): Promise<Result> {
  // What a killed night has left is put right first.
  await lookIntoBucket(place, async () => undefined);
  return await inBucket(place, work, 'watches');
}

async function inBucket<Result>(
  place: BucketPlace,
  work: Work<Result>,
  access: Access,
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
  const stored = openStoredObjects(folder, access);
  try {
    for (const bucket of stored.buckets) {
      const objects = storedObjects(stored.disk, bucket);
      if (!(await isDataBucket(objects))) continue;
      // One command at a time has the folder, so whoever holds the pipeline's lock was killed.
      if (!stored.isInUse) await releaseLeftLock(objects);
      return await work(objects);
    }
  } finally {
    stored.stop();
  }
  throw nothingYet(place.out);
}

/** Whether a night has begun there, or something was uploaded. */
async function isDataBucket(objects: Objects): Promise<boolean> {
  for (const root of [runs.root, uploads.reportPrefix]) {
    for await (const _ of objects.folders(root)) return true;
  }
  return false;
}

const nothingYet = (out: string) =>
  new ValidationError(
    `No night has begun in ${out} yet: \`npx lea run --out ${quoted(out)} ...\` does the first.`,
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
