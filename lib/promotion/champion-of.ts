import type { Champion } from '#lib/contracts/champion.ts';
import { runs } from '#lib/contracts/keys.ts';
import type { VersionedObjects } from '#lib/contracts/objects.ts';
import { primaryMetric } from '#lib/evaluation/evaluation-file.ts';
import type { Candidate } from './candidates.ts';
import { type RefitManifest, refitManifest } from './refit.ts';

/**
 * The champion that a candidate of a run would be: served as it was fitted on all actions where that is there, else as it
 * was judged.
 *
 * @returns `refit` with what the fit on all actions says of itself, if there is one
 */
export async function championOf(
  objects: VersionedObjects,
  run: string,
  { name, recipe, metrics }: Candidate,
  now: Date,
): Promise<{ readonly champion: Champion; readonly refit: RefitManifest | undefined }> {
  const refit = (await objects.getVersion(runs.refittedManifest(run, name), refitManifest))?.value;
  const judged = runs.modelPrefix(run, name);
  const champion = {
    run,
    name,
    judged,
    serving: refit === undefined ? judged : runs.refittedPrefix(run, name),
    recipe,
    ndcg10: metrics[primaryMetric]?.value ?? 0,
    promotedAt: now.toISOString(),
  };
  return { champion, refit };
}
