import * as z from 'zod';
import { type Champion, runChampion } from '#lib/contracts/champion.ts';
import { runs } from '#lib/contracts/keys.ts';
import { championLabel } from '#lib/evaluation/evaluation-file.ts';
import type { Objects } from '#platform/objects.ts';

/** What the job that ranks the champion says of it. */
const scoreManifest = z.looseObject({ unusable: z.string().optional() });

/** The champion of a run, if there is one that could be ranked. */
export interface RivalChampion {
  readonly champion?: Champion;
  /** Of one that could not: a sentence that says so. */
  readonly unusable?: string;
}

/** What was found out about the champion that the run's training was planned with. */
export async function readChampion(objects: Objects, run: string): Promise<RivalChampion> {
  const { inService, unusable } = await objects.getJson(runs.champion(run), runChampion);
  if (inService === null) return {};
  // One without a network is ranked here, and has no job.
  const scored = await objects.getVersion(runs.modelManifest(run, championLabel), scoreManifest);
  const reason = unusable ?? scored?.value.unusable;
  if (reason === undefined) return { champion: inService };
  return {
    unusable: `The champion ${inService.name} of run ${inService.run} counts as none, because its model cannot be used (${reason}).`,
  };
}
