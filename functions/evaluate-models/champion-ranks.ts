import * as z from 'zod';
import { serving } from '#lib/contracts/keys.ts';
import { decodeBlend } from '#lib/serving/blend-file.ts';
import { type ChampionTask, rankWithBlend } from '#lib/serving/rank-blend.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Ranks cases with a champion that is a blend of what histories and counts say. (One that has a network is ranked where
 * networks are, in a training job.)
 *
 * @param prefix of its files
 * @returns place of each target, from 1; 0 where the champion cannot show it, `[cases]`
 */
export async function rankChampion(
  objects: Objects,
  prefix: string,
  task: ChampionTask,
): Promise<Int32Array> {
  const keys = serving.modelFiles(prefix);
  const [json, bytes, vocabulary] = await Promise.all([
    objects.getJson(keys.description, z.unknown()),
    objects.getBytes(keys.weights),
    objects.getJson(keys.vocabulary, z.array(z.string())),
  ]);
  return rankWithBlend(decodeBlend(json, bytes), vocabulary, task);
}
