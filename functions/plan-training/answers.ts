import { readAugmentation } from '#functions/shared/augmentation-results.ts';
import { unansweredShards } from '#functions/shared/shards.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { usesEnvironment } from '#lib/contracts/needs.ts';
import { type AugmentedManifest, toleratedShards } from '#lib/environment/augmented-manifest.ts';
import { encodeAnswersIndex } from '#lib/environment/kept-answers.ts';
import { environmentPlan } from '#lib/environment/version.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Records which training shards the environment has answered, for whoever reads the answers, tonight or on a later night.
 *
 * @throws MissingArtefactError when more are missing than may fail
 */
export async function recordAnswers(
  objects: Objects,
  run: string,
  config: PipelineConfig,
): Promise<void> {
  if (!usesEnvironment(config)) return;
  const { operations } = config;
  const { shards } = await objects.getJson(runs.sequencesManifest(run), sequencesManifest);
  const missing = await unansweredShards(objects, run, shards);
  if (missing.length > toleratedShards(shards, operations)) {
    throw new MissingArtefactError(
      `${missing.length} of the ${shards} training shards of run ${run} have no answer of the environment (${runs.augmentedShard(run, missing[0]!)} is the first), more than operations.toleratedFailurePercentage (${operations.toleratedFailurePercentage}) allows. Resume the run: it asks for them again.`,
    );
  }
  const manifest: AugmentedManifest = { shards, missing };
  await objects.putJson(runs.augmentedManifest(run), manifest);
  await keepAnswers(objects, run);
}

/** Says where a later run that uses the same environment finds what this one was answered. */
async function keepAnswers(objects: Objects, run: string): Promise<void> {
  const { version } = await objects.getJson(runs.environmentPlan(run), environmentPlan);
  const samples = new Map<number, readonly number[]>();
  for (const [part, { hashes }] of await readAugmentation(objects, run)) samples.set(part, hashes);
  await objects.putBytes(runs.answersIndex(run), encodeAnswersIndex(samples));
  await objects.putJson(environments.answers(version), { run });
}
