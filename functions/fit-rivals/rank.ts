import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { readEvents } from '#functions/shared/events.ts';
import { type RankedRivals, rankedRivals } from '#functions/shared/ranked-rivals.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { isJudgedAsServed } from '#lib/contracts/refit-passes.ts';
import { encodeInts } from '#lib/evaluation/ranks.ts';
import type { NightsScorers } from '#lib/evaluation/rivals/fit-scorers.ts';
import { type RankedRival, rankRivals } from '#lib/evaluation/rivals/rivals.ts';
import { decodeEvaluationCases, firstTime } from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { type SequencesManifest, sequencesManifest } from '#lib/sequences/manifest.ts';
import { rivalFiles } from '#lib/serving/rival-files.ts';
import { decodeScorers } from '#lib/serving/scorers-file.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Makes all rivals of what was fitted, ranks the held-out cases with them, and writes of each the same as a job writes of a
 * model: the files that serve it, ranks and lists.
 *
 * @returns undefined if an earlier attempt did it
 */
export async function rankFitted(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<RankedRivals | undefined> {
  const begun = performance.now();
  const manifest = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const { countsAsOf, rivalCountsShare } = config.evaluation;
  const made = { dataHash: manifest.dataHash, countsAsOf, rivalCountsShare };
  const done = await objects.getVersion(runs.rankedRivals(run), rankedRivals);
  if (isDeepStrictEqual(done?.value.made, made)) return undefined;
  const { itemIds, ranked } = await rankAll(objects, run, config, manifest);
  for (const rival of ranked) await writeRival(objects, run, itemIds, rival);
  const written = {
    made,
    seconds: (performance.now() - begun) / 1000,
    rivals: ranked.map(({ model }) => ({
      name: model.name,
      components: model.components.length + model.counts.terms.length,
    })),
  };
  await objects.putJson(runs.rankedRivals(run), written);
  return written;
}

async function rankAll(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  { excludeHistory, window, split }: SequencesManifest,
): Promise<{ readonly itemIds: readonly string[]; readonly ranked: readonly RankedRival[] }> {
  const itemTable = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const readCases = async (of: 'validation' | 'test') =>
    decodeEvaluationCases(await objects.getBytes(runs.evaluationCases(run, of)));
  const cases = { validation: await readCases('validation'), test: await readCases('test') };
  const { countsAsOf: asOf, rivalCountsShare: countsShare } = config.evaluation;
  const first = Math.min(firstTime(cases.validation), firstTime(cases.test));
  const ranked = rankRivals({
    scorers: await readScorers(objects, run, config),
    events: await readEvents(objects, run, itemTable.itemIds.length, { first, asOf, split }),
    ...{ itemTable, cases, excludeHistory, window, split, asOf, countsShare },
  });
  return { itemIds: itemTable.itemIds, ranked };
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

async function writeRival(
  objects: Objects,
  run: string,
  itemIds: readonly string[],
  { model, validation, test }: RankedRival,
): Promise<void> {
  const files = serving.modelFiles(runs.modelPrefix(run, model.name));
  const { description, weights } = rivalFiles(model);
  await objects.putBytes(files.weights, weights);
  await objects.putJson(files.vocabulary, itemIds);
  await objects.putJson(files.description, description);
  const ranksOf = (split: 'validation' | 'test') => runs.modelRanks(run, model.name, split);
  await objects.putBytes(ranksOf('validation'), encodeInts(validation.ranks));
  await objects.putBytes(ranksOf('test'), encodeInts(test.ranks));
  await objects.putBytes(runs.modelLists(run, model.name), encodeInts(test.lists));
}
