import * as z from 'zod';
import { readEvents } from '#functions/shared/events.ts';
import { trainedUsers } from '#functions/shared/shards.ts';
import type { Champion } from '#lib/contracts/champion.ts';
import type { ModelConfig } from '#lib/contracts/config/training.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { readsEnvironment } from '#lib/contracts/needs.ts';
import { rivalRecipe } from '#lib/contracts/recipe.ts';
import { isJudgedAsServed } from '#lib/contracts/refit-passes.ts';
import type { EvaluationInput, SplitRanks } from '#lib/evaluation/evaluate.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';
import { decodeLists, decodeRanks } from '#lib/evaluation/ranks.ts';
import type { NightsScorers } from '#lib/evaluation/rivals/fit-scorers.ts';
import { type RankedRival, rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { decodeEvaluationCases, firstTime } from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import { isBlendOfHistories } from '#lib/serving/blend-file.ts';
import { decodeScorers } from '#lib/serving/scorers-file.ts';
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
 * Everything that a run's rankers said about its held-out cases. Rivals are fitted and ranked here.
 *
 * @param champion that the run compares with, if there is one
 */
export async function readRankings(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  champion: Champion | undefined,
): Promise<Omit<EvaluationInput, 'config'> & { readonly rivals: readonly RankedRival[] }> {
  const itemTable = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const cases = {
    validation: await readCases(objects, run, 'validation'),
    test: await readCases(objects, run, 'test'),
  };
  const manifest = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const { excludeHistory, window, split } = manifest;
  const { countsAsOf: asOf, rivalCountsShare } = config.evaluation;
  const first = Math.min(firstTime(cases.validation), firstTime(cases.test));
  const events = await readEvents(objects, run, itemTable.itemIds.length, { first, asOf, split });
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
    const task = { cases: cases.test, itemIds: itemTable.itemIds, events, split, asOf };
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
  const scorers = await readScorers(objects, run, config);
  const rivals = rankRivals({
    scorers,
    itemTable,
    events,
    cases,
    excludeHistory,
    window,
    split,
    asOf,
    countsShare: rivalCountsShare,
  });
  return {
    cases,
    training: {
      itemCounts: (scorers.beforeTest ?? scorers.training).trainingCounts,
      users: await trainedUsers(objects, run, manifest, cases.test.users),
    },
    models,
    rivals,
    baselines: rivals.map(({ model, validation, test }) => ({
      name: model.name,
      // What it learned on the way is of the data.
      recipe: rivalRecipe(model.name, rivalCountsShare === 1 ? {} : { rivalCountsShare }),
      complexity: {
        environment: false,
        network: false,
        components: model.components.length + model.counts.terms.length,
      },
      ranks: { validation: validation.ranks, test: test.ranks },
      lists: { items: test.lists, listLength: test.listLength },
    })),
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

/** What was fitted for all that are joined with what rivals are made of. */
async function readScorers(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<NightsScorers> {
  const read = async (on: 'training' | 'before-test') => {
    const { description, weights } = runs.fittedRivals(run, on);
    return decodeScorers(
      await objects.getJson(description, z.unknown()),
      await objects.getBytes(weights),
    );
  };
  return {
    training: await read('training'),
    beforeTest: isJudgedAsServed(config, undefined) ? await read('before-test') : undefined,
  };
}

async function readCases(objects: Objects, run: string, split: 'validation' | 'test') {
  return decodeEvaluationCases(await objects.getBytes(runs.evaluationCases(run, split)));
}

function objectiveOf(model: ModelConfig): string {
  if (model.lea === undefined) return model.objective;
  return `${model.objective}+${readsEnvironment(model) ? 'lea' : 'neighbours'}`;
}
