import type * as z from 'zod';
import { runs } from '#lib/contracts/keys.ts';
import {
  type AugmentedPart,
  augmentationResults,
  joinResults,
} from '#lib/environment/augmentation-results.ts';
import type { Objects } from '#platform/objects.ts';

/** What became of each training shard, over all attempts of a run. */
export async function readAugmentation(
  objects: Objects,
  run: string,
): Promise<Map<number, AugmentedPart>> {
  const found: AugmentedPart[] = [];
  for await (const { parts } of readCalls(objects, run)) found.push(...parts);
  return joinResults(found);
}

/** For how long functions have asked, all calls of a run together. */
export async function readAskingSeconds(objects: Objects, run: string): Promise<number> {
  let total = 0;
  for await (const { milliseconds } of readCalls(objects, run)) total += milliseconds;
  return total / 1000;
}

async function* readCalls(
  objects: Objects,
  run: string,
): AsyncGenerator<z.infer<typeof augmentationResults>[number]> {
  for await (const { key } of objects.list(runs.augmentationResultsPrefix(run))) {
    if (!/\/SUCCEEDED_\d+\.json$/.test(key)) continue;
    yield* await objects.getJson(key, augmentationResults);
  }
}
