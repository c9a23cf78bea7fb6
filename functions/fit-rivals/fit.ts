import * as z from 'zod';
import { readRenewal } from '#functions/shared/renewal.ts';
import { readAllActions, readTrainingShards } from '#functions/shared/shards.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { needsRowsBeforeTest } from '#lib/contracts/refit-passes.ts';
import { countedAnew } from '#lib/evaluation/refit.ts';
import {
  type FittedScorers,
  fitAllAnew,
  fitScorers,
  fitWithSettings,
  type ScorerSettings,
} from '#lib/evaluation/rivals/fit-scorers.ts';
import type { TrainingData } from '#lib/evaluation/rivals/history-scorer.ts';
import { type AllActionsManifest, countActions } from '#lib/sequences/all-actions.ts';
import { rowsBeforeTest } from '#lib/sequences/before-test.ts';
import { decodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { type SequencesManifest, sequencesManifest } from '#lib/sequences/manifest.ts';
import { encodeSequenceShard, type SequenceShard } from '#lib/sequences/shard.ts';
import { encodeScorers, readSettings } from '#lib/serving/scorers-file.ts';
import type { Objects } from '#platform/objects.ts';

/** `runs/<run>/rivals/manifest.json`. */
const fittedManifest = z.strictObject({
  /** Those of histories that were fitted. */
  kinds: z.array(z.string()),
  /** Whether there are others for test cases, which know validation. */
  beforeTest: z.boolean(),
  /** Of the sequences that they were fitted on. */
  dataHash: z.string(),
});

/**
 * Fits what rivals know of histories, once for a night: rivals and all models that are joined with it read the files. Validation
 * chooses the settings, but for nights that renew one model alone, which keep those of the last full night. With
 * `evaluation.asServed` once more on what came before the test cases, whose rows are written for the models.
 *
 * @returns undefined if an earlier attempt did it
 */
export async function fitRivals(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<z.infer<typeof fittedManifest> | undefined> {
  const manifest = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const done = await objects.getVersion(runs.fittedRivalsManifest(run), fittedManifest);
  if (done?.value.dataHash === manifest.dataHash) return undefined;
  const itemTable = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const shards: SequenceShard[] = [];
  for await (const shard of readTrainingShards(objects, run, manifest)) shards.push(shard);
  const { baskets, excludeHistory, dataHash } = manifest;
  const data: TrainingData = { itemTable, shards, baskets };
  const validation = decodeEvaluationCases(
    await objects.getBytes(runs.evaluationCases(run, 'validation')),
  );
  const chosen = await chosenBefore(objects, run, excludeHistory);
  const scorers =
    (chosen && fitWithSettings(chosen, data)) ?? fitScorers(data, validation, excludeHistory);
  const put = async (on: 'training' | 'before-test', fitted: FittedScorers) => {
    const files = runs.fittedRivals(run, on);
    const { description, weights } = encodeScorers(fitted, manifest);
    await objects.putBytes(files.weights, weights);
    await objects.putJson(files.description, description);
  };
  await put('training', { scorers, trainingCounts: itemTable.counts });
  const beforeTest = needsRowsBeforeTest(config);
  if (beforeTest) {
    const rows = await writeRows(objects, run, manifest, config);
    await put(
      'before-test',
      fitAllAnew(scorers, countedAnew({ itemTable, shards: rows, baskets })),
    );
  }
  const written = { kinds: scorers.map(({ kind }) => kind), beforeTest, dataHash };
  await objects.putJson(runs.fittedRivalsManifest(run), written);
  return written;
}

/**
 * With what settings a night fits that renews one model: those that the last full night chose on its validation cases, as long as
 * lists leave out alike what was taken.
 */
async function chosenBefore(
  objects: Objects,
  run: string,
  excludeHistory: boolean,
): Promise<readonly ScorerSettings[] | undefined> {
  const plan = await readRenewal(objects, run);
  if (plan.kind === 'all') return undefined;
  const { description } = runs.fittedRivals(plan.since, 'training');
  const before = await objects.getVersion(description, z.unknown());
  if (before === undefined) return undefined;
  const { chosen, ...lists } = readSettings(before.value);
  return lists.excludeHistory === excludeHistory ? chosen : undefined;
}

/** Writes what is known before the test cases as rows, the manifest last. */
async function writeRows(
  objects: Objects,
  run: string,
  manifest: SequencesManifest,
  { sequences }: PipelineConfig,
): Promise<SequenceShard[]> {
  const test = decodeEvaluationCases(await objects.getBytes(runs.evaluationCases(run, 'test')));
  const all = await readAllActions(objects, run, manifest);
  const rows = rowsBeforeTest(all, test, { ...sequences, ...manifest });
  for (const [part, shard] of rows.entries()) {
    await objects.putBytes(runs.beforeTest(run, part), encodeSequenceShard(shard));
  }
  const written: AllActionsManifest = {
    parts: rows.length,
    rows: rows.reduce((sum, { users }) => sum + users.length, 0),
    actions: countActions(rows),
    dataHash: manifest.dataHash,
  };
  await objects.putJson(runs.beforeTestManifest(run), written);
  return rows;
}
