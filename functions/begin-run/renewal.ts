import { hasForgottenSince } from '#functions/shared/forgotten.ts';
import { readRenewal } from '#functions/shared/renewal.ts';
import { readRunConfig } from '#functions/shared/run-config.ts';
import { championPointer } from '#lib/contracts/champion.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { runs, serving } from '#lib/contracts/keys.ts';
import { type RunManifest, runManifest } from '#lib/contracts/run.ts';
import { evaluationFile } from '#lib/evaluation/evaluation-file.ts';
import type { TrialPlan } from '#lib/promotion/environment-trial.ts';
import {
  type FullNight,
  planRenewal,
  type RenewalPlan,
  renewalPlan,
} from '#lib/promotion/renewal.ts';
import { toJson } from '#platform/json.ts';
import type { Objects } from '#platform/objects.ts';

export interface NightToPlan {
  readonly run: string;
  /** With all models. */
  readonly config: PipelineConfig;
  readonly trial: TrialPlan;
  readonly inputs: RunManifest['inputs'];
  readonly now: Date;
}

/**
 * Which models the run trains: as an earlier attempt had it, or as the growth since the last full night has it now.
 *
 * @param newest what the newest run that succeeded worked on
 */
export async function fixRenewal(
  objects: Objects,
  { run, config, trial, inputs, now }: NightToPlan,
  newest: RunManifest | undefined,
): Promise<RenewalPlan> {
  const fixed = await objects.getVersion(runs.renewal(run), renewalPlan);
  if (fixed !== undefined) return fixed.value;
  const champion = (await objects.getVersion(serving.champion, championPointer))?.value;
  const full = newest && (await lastFullNight(objects, newest));
  const comparesAll =
    // Who is tried beside whom is a question of all.
    trial.kind === 'trial' ||
    full === undefined ||
    (await hasForgottenSince(objects, new Date(full.createdAt)));
  const plan: RenewalPlan = comparesAll
    ? { kind: 'all' }
    : planRenewal({ config, bytes: bytesOf(inputs), championRecipe: champion?.recipe, now }, full);
  await objects.putIfAbsent(runs.renewal(run), toJson(plan));
  return objects.getJson(runs.renewal(run), renewalPlan);
}

/** The newest run itself, or the one since which it renewed; undefined where its records are of another release. */
async function lastFullNight(
  objects: Objects,
  newest: RunManifest,
): Promise<FullNight | undefined> {
  const plan = await readRenewal(objects, newest.run);
  const run = plan.kind === 'renewal' ? plan.since : newest.run;
  const [manifest, evaluation] = await Promise.all([
    run === newest.run
      ? newest
      : objects.getVersion(runs.manifest(run), runManifest).then((found) => found?.value),
    objects.getVersion(runs.evaluation(run), evaluationFile),
  ]);
  if (manifest === undefined || evaluation === undefined) return undefined;
  try {
    const config = await readRunConfig(objects, run);
    const { createdAt, inputs } = manifest;
    return { run, createdAt, bytes: bytesOf(inputs), config, models: evaluation.value.models };
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

const bytesOf = ({ interactions }: RunManifest['inputs']) =>
  interactions.reduce((sum, { size }) => sum + size, 0);
