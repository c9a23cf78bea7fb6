import type { Champion } from '#lib/contracts/champion.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { evaluate } from '#lib/evaluation/evaluate.ts';
import type { Evaluation } from '#lib/evaluation/evaluation-file.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import type { Objects } from '#platform/objects.ts';
import { readRankings } from './rankings.ts';

/** Evaluates a run's models, rivals and champion, and writes each rival's files beside those of the models. */
export async function judge(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  champion: Champion | undefined,
): Promise<Evaluation> {
  const { rivals, ...input } = await readRankings(objects, run, config, champion);
  const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  for (const { model } of rivals) {
    const files = serving.modelFiles(runs.modelPrefix(run, model.name));
    const { description, weights } = rivalFiles(model);
    await objects.putBytes(files.weights, weights);
    await objects.putJson(files.vocabulary, itemIds);
    await objects.putJson(files.description, description);
  }
  return evaluate({ ...input, config: config.evaluation });
}
