import { isDeepStrictEqual } from 'node:util';
import { baseOf } from '#functions/shared/catalogue-objects.ts';
import { newestSuccess } from '#functions/shared/newest-success.ts';
import { readRenewal } from '#functions/shared/renewal.ts';
import { explainDifferences, readRunConfig } from '#functions/shared/run-config.ts';
import type { PipelineConfig } from '#lib/contracts/config.ts';
import { ConfigError } from '#lib/contracts/errors.ts';
import { runs } from '#lib/contracts/keys.ts';
import { type RunManifest, runManifest } from '#lib/contracts/run.ts';
import { trialPlan, withoutTwins } from '#lib/promotion/environment-trial.ts';
import { withLeftOut } from '#lib/promotion/renewal.ts';
import type { Objects } from '#platform/objects.ts';

/** What the newest run that succeeded worked on; undefined while there is none. */
export async function newestWork(objects: Objects): Promise<RunManifest | undefined> {
  const newest = await newestSuccess(objects);
  return newest && (await objects.getVersion(runs.manifest(newest.run), runManifest))?.value;
}

/** Whether a run would do again what an earlier one did: the same uploads, the same catalogue, the same settings. */
export async function wouldRepeat(
  objects: Objects,
  earlier: RunManifest,
  inputs: RunManifest['inputs'],
  config: PipelineConfig,
): Promise<boolean> {
  if (!isDeepStrictEqual(earlier.inputs.interactions, inputs.interactions)) return false;
  // What the run itself merged has nothing that it did not see.
  const isItsOwn = inputs.items.length === 2 && baseOf(inputs.items) === earlier.run;
  if (!isItsOwn && !isDeepStrictEqual(earlier.inputs.items, inputs.items)) return false;
  try {
    const before = await readRunConfig(objects, earlier.run);
    // What was trained for a trial alone, or left out for once, says nothing of tonight.
    const trial = await objects.getVersion(runs.trial(earlier.run), trialPlan);
    const all = withLeftOut(before, await readRenewal(objects, earlier.run));
    const lasting = trial === undefined ? all : withoutTwins(all, trial.value);
    return explainDifferences(lasting, config) === '';
  } catch (error) {
    // Settings of another release: what they would make today is not what they made then.
    if (error instanceof ConfigError) return false;
    throw error;
  }
}
