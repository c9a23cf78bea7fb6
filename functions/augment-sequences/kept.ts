import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { decodeAugmentedShard } from '#lib/environment/augmented-shard.ts';
import { ItemMap } from '#lib/environment/item-map.ts';
import { AnswersIndex, KeptAnswers } from '#lib/environment/kept-answers.ts';
import type { Objects } from '#platform/objects.ts';

/** Answers that an earlier run got from the same environment, read as far as they are wanted. */
export interface EarlierAnswers {
  /** Those of the shards that have rows with these hashes. */
  read(hashes: Int32Array): Promise<KeptAnswers>;
}

/** @param wanted of the run that asks */
export async function earlierAnswers(
  objects: Objects,
  earlier: string,
  wanted: ItemMap,
  signal: AbortSignal,
): Promise<EarlierAnswers> {
  const index = AnswersIndex.decode(await objects.getBytes(runs.answersIndex(earlier), { signal }));
  const items = ItemMap.decode(await objects.getBytes(runs.environmentItems(earlier), { signal }));
  return {
    async read(hashes) {
      const kept = new KeptAnswers(items, wanted);
      for (const part of index.partsFor(hashes)) {
        const bytes = await readIfThere(objects, runs.augmentedShard(earlier, part), signal);
        if (bytes !== undefined) kept.add(decodeAugmentedShard(bytes));
      }
      return kept;
    },
  };
}

/** Answers that have been deleted meanwhile are asked for again. */
async function readIfThere(
  objects: Objects,
  key: string,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await objects.getBytes(key, { signal });
  } catch (error) {
    if (error instanceof MissingArtefactError) return undefined;
    throw error;
  }
}
