import type { Champion } from '#lib/contracts/champion.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { evaluate } from '#lib/evaluation/evaluate.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import type { Objects } from '#platform/objects.ts';
import { readRankings } from './rankings.ts';

/** Evaluates a run's models, rivals and champion. */
export async function judge(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  champion: Champion | undefined,
): Promise<Evaluation> {
  const input = await readRankings(objects, run, config, champion);
  return evaluate({ ...input, config: config.evaluation });
}
