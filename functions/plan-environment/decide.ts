import { unansweredShards } from '#functions/shared/shards.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import { usesEnvironment } from '#lib/contracts/needs.ts';
import {
  chooseEnvironment,
  environmentFingerprint,
  environmentPlan,
  environmentRegistration,
} from '#lib/environment/version.ts';
import { decodeItemTable } from '#lib/sequences/item-table.ts';
import type { SequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';

export interface EnvironmentDecision {
  readonly version: string;
  /** It has been fitted already. */
  readonly fresh: boolean;
  /** Some training shard has no augmented one yet. */
  readonly augmentationNeeded: boolean;
}

/** Decides whether a run needs the LE, and whether one that has been fitted before will do. */
export async function planEnvironment(
  objects: Objects,
  run: string,
  config: PipelineConfig,
  { shards }: SequencesManifest,
  now: Date,
): Promise<EnvironmentDecision> {
  const wanted = usesEnvironment(config);
  const { version } = await fixPlan(objects, run, config, now);
  return {
    version,
    fresh: (await objects.head(environments.registration(version))) !== undefined,
    augmentationNeeded: wanted && (await unansweredShards(objects, run, shards)).length > 0,
  };
}

/** What an earlier attempt planned holds: half of the shards may have been augmented with it. */
async function fixPlan(objects: Objects, run: string, config: PipelineConfig, now: Date) {
  const fixed = await objects.getVersion(runs.environmentPlan(run), environmentPlan);
  if (fixed !== undefined) return fixed.value;
  const { itemIds } = decodeItemTable(await objects.getBytes(runs.itemTable(run)));
  const fingerprint = environmentFingerprint(config.environment, config.sequences.window, itemIds);
  const latest = await objects.getVersion(environments.latest, environmentRegistration);
  const { maximumAgeDays } = config.environment;
  const { version } = chooseEnvironment(latest?.value, { run, fingerprint, maximumAgeDays }, now);
  const plan = { version, fingerprint };
  await objects.putJson(runs.environmentPlan(run), plan);
  return plan;
}
