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
  for await (const { key } of objects.list(runs.augmentationResultsPrefix(run))) {
    if (!/\/SUCCEEDED_\d+\.json$/.test(key)) continue;
    for (const { parts } of await objects.getJson(key, augmentationResults)) found.push(...parts);
  }
  return joinResults(found);
}
