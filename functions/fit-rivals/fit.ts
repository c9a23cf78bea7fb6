import * as z from 'zod';
import { readRenewal } from '#functions/shared/renewal.ts';
import { readAllActions, readBeforeTest, readTrainingShards } from '#functions/shared/shards.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { runs } from '#lib/contracts/keys.ts';
import { needsRowsBeforeTest } from '#lib/contracts/refit-passes.ts';
import {
  type FittedScorers,
  fitAnew,
  fitChosen,
  fitWithSettings,
  type ScorerSettings,
} from '#lib/evaluation/rivals/fit-scorers.ts';
import { type AllActionsManifest, countActions } from '#lib/sequences/all-actions.ts';
import { cutterBeforeTest } from '#lib/sequences/before-test.ts';
import { decodeEvaluationCases } from '#lib/sequences/evaluation-cases.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import { type SequencesManifest, sequencesManifest } from '#lib/sequences/manifest.ts';
import { fitOnStream } from '#lib/sequences/passes.ts';
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
  const { excludeHistory, dataHash } = manifest;
  const rows = () => readTrainingShards(objects, run, manifest);
  const validation = decodeEvaluationCases(
    await objects.getBytes(runs.evaluationCases(run, 'validation')),
  );
  const chosen = await chosenBefore(objects, run, excludeHistory);
  const scorers =
    (chosen && (await fitOnStream(rows, fitWithSettings(chosen, manifest)))) ??
    (await fitOnStream(rows, fitChosen(manifest, { validation, excludeHistory })));
  const put = async (on: 'training' | 'before-test', fitted: FittedScorers) => {
    const files = runs.fittedRivals(run, on);
    const { description, weights } = encodeScorers(fitted, manifest);
    await objects.putBytes(files.weights, weights);
    await objects.putJson(files.description, description);
  };
  await put('training', { scorers, trainingCounts: itemTable.counts });
  const beforeTest = needsRowsBeforeTest(config);
  if (beforeTest) {
    await writeRows(objects, run, manifest, config);
    const known = () => readBeforeTest(objects, run, manifest);
    await put('before-test', await fitOnStream(known, fitAnew(scorers, manifest)));
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
): Promise<void> {
  const test = decodeEvaluationCases(await objects.getBytes(runs.evaluationCases(run, 'test')));
  const all = () => readAllActions(objects, run, manifest);
  const cutter = await fitOnStream(all, cutterBeforeTest(test, { ...sequences, ...manifest }));
  const written = { parts: 0, rows: 0, actions: 0 };
  const put = async (shards: readonly SequenceShard[]) => {
    for (const shard of shards) {
      await objects.putBytes(runs.beforeTest(run, written.parts), encodeSequenceShard(shard));
      written.parts++;
      written.rows += shard.users.length;
      written.actions += countActions([shard]);
    }
  };
  for await (const shard of all()) await put(cutter.cut(shard));
  await put(cutter.end());
  const { dataHash } = manifest;
  await objects.putJson(runs.beforeTestManifest(run), {
    ...written,
    dataHash,
  } satisfies AllActionsManifest);
}
