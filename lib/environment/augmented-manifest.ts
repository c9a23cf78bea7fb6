import * as z from 'zod';
import type { OperationsConfig } from '#lib/contracts/config/operations.ts';
import { shardsPerCall } from '#lib/contracts/limits.ts';

const part = z.int().min(0);

/**
 * `runs/<run>/augmented/manifest.json`: which training shards have the environment's answer. Written when training is
 * planned; whoever reads the answers expects all but those that are named here.
 */
export const augmentedManifest = z.strictObject({
  /** Training shards of the run. */
  shards: z.int().min(1),
  /** Those whose answers failed, as far as `operations.toleratedFailurePercentage` allows. */
  missing: z.array(part),
});

export type AugmentedManifest = z.infer<typeof augmentedManifest>;

/**
 * How many shards the state `AugmentSequences` lets fail: Step Functions takes the share of calls, and a call is about
 * several shards.
 */
export function toleratedShards(
  shards: number,
  { toleratedFailurePercentage }: Pick<OperationsConfig, 'toleratedFailurePercentage'>,
): number {
  const calls = Math.ceil(shards / shardsPerCall);
  const failing = Math.floor((calls * toleratedFailurePercentage) / 100);
  return Math.min(shards, failing * shardsPerCall);
}
