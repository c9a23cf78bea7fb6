import { readTrainingShards } from '#functions/shared/shards.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { recipeOf } from '#lib/contracts/recipe.ts';
import { rankBaselines } from '#lib/evaluation/baselines/rank-baselines.ts';
import type { EvaluationInput, SplitRanks } from '#lib/evaluation/evaluate.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';
import { decodeRanks } from '#lib/evaluation/ranks.ts';
import { decodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { SequenceShard } from '#lib/sequences/shard.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Everything that a run's rankers said about its held-out cases.
 *
 * @param champion that the run compares with, if there is one
 */
export async function readRankings(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  champion: Champion | undefined,
): Promise<Omit<EvaluationInput, 'config'>> {
  const itemTable = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const cases = {
    validation: await readCases(objects, run, 'validation'),
    test: await readCases(objects, run, 'test'),
  };
  const manifest = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const shards: SequenceShard[] = [];
  for await (const shard of readTrainingShards(objects, run, manifest)) shards.push(shard);
  const ranksOf = async (name: string): Promise<SplitRanks> => {
    const read = async (split: 'validation' | 'test') => {
      const bytes = await objects.getBytes(runs.modelRanks(run, name, split));
      return decodeRanks(bytes, cases[split].targets.length, `${name}, ${split}`);
    };
    return { validation: await read('validation'), test: await read('test') };
  };
  const models = await Promise.all(
    config.training.models.map(async (model) => ({
      name: model.name,
      backbone: model.backbone,
      objective: model.lea === undefined ? model.objective : `${model.objective}+lea`,
      recipe: recipeOf(config, model),
      ranks: await ranksOf(model.name),
    })),
  );
  return {
    cases,
    models,
    baselines: rankBaselines({ shards, itemTable }, cases, manifest.excludeHistory),
    ...(champion !== undefined && {
      champion: {
        run: champion.run,
        name: champion.name,
        recipe: champion.recipe,
        ranks: await ranksOf(championLabel),
      },
    }),
  };
}

async function readCases(objects: Objects, run: string, split: 'validation' | 'test') {
  return decodeEvaluationCases(await objects.getBytes(runs.evaluationCases(run, split)));
}
