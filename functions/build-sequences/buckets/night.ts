import { readRunConfig } from '#functions/shared/run-config.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { type RunManifest, runManifest } from '#lib/contracts/run.ts';
import { type Bucket, learnedOf, orderBaskets } from '#lib/sequences/buckets/bucket.ts';
import type { Division } from '#lib/sequences/buckets/core.ts';
import type { Objects } from '#platform/objects.ts';
import { bucketsDivision, decodeBucket, int32Of } from './files.ts';

/** What every step of a build begins with. */
export interface Night {
  readonly run: string;
  readonly manifest: RunManifest;
  readonly config: PipelineConfig;
}

export async function readNight(objects: Objects, run: string): Promise<Night> {
  const config = await readRunConfig(objects, run);
  const manifest = await objects.getJson(runs.manifest(run), runManifest);
  return { run, manifest, config };
}

/** A bucket with what has been decided of all of them. */
export interface OpenBucket {
  readonly bucket: Bucket;
  /** What of it is learned from. */
  readonly learned: Bucket;
  /** Number of each of its items among all, from 0. */
  readonly numbers: Int32Array;
  readonly division: Division;
  /** As `buildSequences` has it. */
  readonly since: number | undefined;
  /** Unix seconds. */
  readonly newestAction: number;
}

export async function readBucket(
  objects: Objects,
  { run, config }: Night,
  bucket: number,
): Promise<OpenBucket> {
  const { baskets, after, cuts, since, totals } = await objects.getJson(
    runs.bucketsDivision(run),
    bucketsDivision,
  );
  const own = decodeBucket(
    await objects.getBytes(runs.bucketFile(run, 'actions', bucket)),
    await objects.getBytes(runs.bucketFile(run, 'items', bucket)),
  );
  const bucketInOrder = baskets ? orderBaskets(own) : own;
  return {
    bucket: bucketInOrder,
    learned: learnedOf(bucketInOrder, after),
    numbers: int32Of(await objects.getBytes(runs.bucketFile(run, 'numbers', bucket))),
    division: { config: config.sequences, baskets, cuts },
    since: since ?? undefined,
    newestAction: totals.newestAction,
  };
}
