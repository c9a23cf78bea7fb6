import { unansweredShards } from '#functions/shared/shards.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { MissingArtefactError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { usesEnvironment } from '#lib/contracts/needs.ts';
import { type AugmentedManifest, toleratedShards } from '#lib/environment/augmented-manifest.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';

/**
 * Records which training shards the environment has answered, for whoever reads the answers.
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
}
