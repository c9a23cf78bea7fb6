import { readRenewal } from '#functions/shared/renewal.ts';
import { environments, runs } from '#lib/contracts/keys.ts';
import type { DataCounts } from '#lib/cost/data-counts.ts';
import { changedShare, firstNight, type NightReuse } from '#lib/cost/reuse.ts';
import { environmentPlan, environmentRegistration } from '#lib/environment/version.ts';
import { sequencesManifest } from '#lib/sequences/manifest.ts';
import type { Objects } from '#platform/objects.ts';
import type { EnvironmentDecision } from './decide.ts';

/**
 * What the run takes from earlier ones, as far as its price follows it. How much has come since the run whose answers are kept
 * is told by how much that had.
 */
export async function reuseOf(
  objects: Objects,
  run: string,
  counts: DataCounts,
  { version, fresh }: Pick<EnvironmentDecision, 'version' | 'fresh'>,
): Promise<NightReuse> {
  const [{ answersOf }, renewal] = await Promise.all([
    objects.getJson(runs.environmentPlan(run), environmentPlan),
    readRenewal(objects, run),
  ]);
  const earlier = renewal.kind === 'renewal' ? renewal.since : answersOf;
  const grownSince = async (before: string | null) => {
    if (before === null) return firstNight.newShare;
    const found = await objects.getVersion(runs.sequencesManifest(before), sequencesManifest);
    if (found === undefined) return firstNight.newShare;
    const { interactions } = counts;
    return Math.abs(interactions - found.value.interactions) / Math.max(1, interactions);
  };
  // One that an earlier attempt of this run has fitted is paid for by this run.
  const environmentIsFitted =
    fresh &&
    (await objects.getJson(environments.registration(version), environmentRegistration)).run !==
      run;
  const asked =
    answersOf === null
      ? firstNight.asked
      : changedShare(Math.min(1, await grownSince(answersOf)), counts);
  return {
    newShare: Math.min(1, await grownSince(earlier)),
    environmentIsFitted,
    asked,
    beginsWarm: renewal.kind === 'renewal',
  };
}
