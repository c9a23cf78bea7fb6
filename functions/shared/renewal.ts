import { runs } from '#lib/contracts/keys.ts';
import { type RenewalPlan, renewalPlan } from '#lib/promotion/renewal.ts';
import type { Objects } from '#platform/objects.ts';

/** Which models a run trains; all, where an earlier release began it. */
export async function readRenewal(
  objects: Pick<Objects, 'getVersion'>,
  run: string,
): Promise<RenewalPlan> {
  return (await objects.getVersion(runs.renewal(run), renewalPlan))?.value ?? { kind: 'all' };
}
