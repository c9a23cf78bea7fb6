import * as z from 'zod';
import { readEvents } from '#functions/shared/events.ts';
import { rankedRivals } from '#functions/shared/ranked-rivals.ts';
import { trainedUsers } from '#functions/shared/shards.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import type { ModelConfig } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ContractError } from '#lib/contracts/errors.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { rivalRecipe } from '#lib/contracts/recipe.ts';
import type { EvaluationInput, SplitRanks } from '#lib/evaluation/evaluate.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';
import { decodeLists, decodeRanks } from '#lib/evaluation/ranks.ts';
import { decodeEvaluationCases, firstTime } from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { decodeBlend, isBlendOfHistories } from '#lib/serving/blend-file.ts';
import type { Objects } from '#platform/objects.ts';
import { rankChampion } from './champion-ranks.ts';

/** What the job that trained a model says that it made it by. */
const trainedManifest = z.looseObject({
  recipe: z.string().min(1),
  /** Absent where an earlier release trained it. */
  components: z.int().min(1).optional(),
  parts: z
    .array(
      z.looseObject({
        added: z.string(),
        test: z.looseObject({ hr: z.number(), ndcg: z.number() }),
      }),
    )
    .default([]),
});

/**
 * Everything that a run's rankers said about its held-out cases.
 *
 * @param champion that the run compares with, if there is one
 * @throws ContractError if rivals ranked the cases of another build
 */
export async function readRankings(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  champion: Champion | undefined,
): Promise<Omit<EvaluationInput, 'config'>> {
  const cases = {
    validation: await readCases(objects, run, 'validation'),
    test: await readCases(objects, run, 'test'),
  };
  const manifest = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const readRanks = async (name: string, split: 'validation' | 'test') => {
    const bytes = await objects.getBytes(runs.modelRanks(run, name, split));
    return decodeRanks(bytes, cases[split].targets.length, `${name}, ${split}`);
  };
  const ranksOf = async (name: string): Promise<SplitRanks> => {
    return { validation: await readRanks(name, 'validation'), test: await readRanks(name, 'test') };
  };
  const listsOf = async (name: string) =>
    decodeLists(
      await objects.getBytes(runs.modelLists(run, name)),
      cases.test.targets.length,
      `${name}, lists`,
    );
  const championRanks = async (ranked: Champion) => {
    const key = serving.modelFiles(ranked.judged).description;
    if (!isBlendOfHistories(await objects.getJson(key, z.unknown()))) {
      return { test: await readRanks(championLabel, 'test') };
    }
    const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
    const { split } = manifest;
    const asOf = config.evaluation.countsAsOf;
    const requests = { first: firstTime(cases.test), asOf, split };
    const events = await readEvents(objects, run, itemIds.length, requests);
    const task = { cases: cases.test, itemIds, events, split, asOf };
    return { test: await rankChampion(objects, ranked.judged, task) };
  };
  const models = await Promise.all(
    config.training.models.map(async (model) => {
      const { recipe, components, parts } = await objects.getJson(
        runs.modelManifest(run, model.name),
        trainedManifest,
      );
      return {
        name: model.name,
        backbone: model.backbone,
        objective: objectiveOf(model),
        recipe,
        complexity:
          components === undefined
            ? undefined
            : {
                environment: readsEnvironment(model) || model.text !== undefined,
                network: true,
                components,
              },
        parts: parts.map(({ added, test }) => ({ added, hr10: test.hr, ndcg10: test.ndcg })),
        ranks: await ranksOf(model.name),
        lists: await listsOf(model.name),
      };
    }),
  );
  const { made, rivals } = await objects.getJson(runs.rankedRivals(run), rankedRivals);
  if (made.dataHash !== manifest.dataHash) {
    throw new ContractError(
      `The rivals of run ${run} ranked cases of another build than its sequences. Begin a run of another name.`,
    );
  }
  const { rivalCountsShare } = made;
  const baselines = await Promise.all(
    rivals.map(async ({ name, components }) => ({
      name,
      // What it learned on the way is of the data.
      recipe: rivalRecipe(name, rivalCountsShare === 1 ? {} : { rivalCountsShare }),
      complexity: { environment: false, network: false, components },
      ranks: await ranksOf(name),
      lists: await listsOf(name),
    })),
  );
  return {
    cases,
    training: {
      itemCounts: await countsOfTraining(objects, run),
      users: await trainedUsers(objects, run, manifest, cases.test.users),
    },
    models,
    baselines,
    ...(champion !== undefined && {
      champion: {
        run: champion.run,
        name: champion.name,
        recipe: champion.recipe,
        ranks: await championRanks(champion),
      },
    }),
  };
}

/** How often what answers test cases has seen each item, `[items]`: the files of popularity say so. */
async function countsOfTraining(objects: Objects, run: string): Promise<Int32Array> {
  const { description, weights } = serving.modelFiles(runs.modelPrefix(run, 'popularity'));
  const json = await objects.getJson(description, z.unknown());
  return decodeBlend(json, await objects.getBytes(weights)).trainingCounts!;
}

async function readCases(objects: Objects, run: string, split: 'validation' | 'test') {
  return decodeEvaluationCases(await objects.getBytes(runs.evaluationCases(run, split)));
}

function objectiveOf(model: ModelConfig): string {
  if (model.lea === undefined) return model.objective;
  return `${model.objective}+${readsEnvironment(model) ? 'lea' : 'neighbours'}`;
}
